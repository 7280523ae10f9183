//! What stops `execve`.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "entrypoint-missing",
        fires: "
            Entrypoint /app/exe
            /usr/bin/exe  elf static
        ",
        near: "
            Entrypoint /usr/bin/exe
            /usr/bin/exe  elf static
        ",
    },
    Scenario {
        code: "shebang-crlf",
        fires: "
            run /app/exe
            /app/exe  script '#!/bin/sh\\r\\n'
            /bin/sh   elf static
        ",
        near: "
            run /app/exe
            /app/exe  script '#!/bin/sh\\necho\\r\\n'
            /bin/sh   elf static
        ",
    },
];
