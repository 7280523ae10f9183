//! What a loader does not find.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    code: "needed-missing",
    fires: "
        /app/exe  elf needed=liba.so.1
    ",
    near: "
        /app/exe            elf needed=liba.so.1
        /usr/lib/liba.so.1  elf
    ",
}];
