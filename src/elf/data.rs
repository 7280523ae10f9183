//! Files that are ELF in shape, and data to everybody but the tool that reads them: no
//! kernel starts and no loader loads them.

use super::consts::{EM_NONE, ET_DYN, PF_X};
use super::object::Object;

impl Object {
    /// Whether it is such a file.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.is_for_no_machine() || self.is_debug_information()
    }

    /// Guile's compiled modules are (`module/system/vm/linker.scm:link-elf`).
    fn is_for_no_machine(&self) -> bool {
        self.header.machine == EM_NONE
            && self.header.object_type == ET_DYN
            && self.interp.is_none()
            && self.dynamic.needs.is_empty()
    }

    /// What `objcopy --only-keep-debug` leaves: the program headers, of which those for
    /// code, the interpreter and the dynamic section say that none of it is in the file.
    fn is_debug_information(&self) -> bool {
        let mut code = self.loads.iter().filter(|load| load.flags & PF_X != 0);
        let has_code = code.clone().any(|load| load.memory_size > 0);
        let names_others = self.interp.as_ref().is_some_and(|interp| interp.size > 0)
            || !self.dynamic.needs.is_empty();
        (has_code || self.has_empty_dynamic)
            && !names_others
            && code.all(|load| load.file_size == 0)
    }
}
