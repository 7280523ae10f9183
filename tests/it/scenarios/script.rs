//! What is wrong with a `#!` line.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
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
    Scenario {
        code: "shebang-interp-missing",
        fires: "
            /app/exe  script '#!/bin/bash\\n'
            /bin/sh   elf static
        ",
        // env is told more than a name.
        near: "
            /app/exe         script '#!/usr/bin/env -S bash -e\\n'
            /usr/bin/env     elf static
            /usr/local/bin/bash  elf static
        ",
    },
    Scenario {
        code: "shebang-malformed",
        fires: "
            /app/exe  script '\\xef\\xbb\\xbf#!/bin/sh\\n'
            /bin/sh   elf static
        ",
        // Blanks may stand before the name, and the line need not end.
        near: "
            /app/exe  script '#! \\t/bin/sh -e'
            /bin/sh   elf static
        ",
    },
    Scenario {
        code: "script-chain-too-long",
        fires: "
            /app/exe  script '#!/app/1\\n'
            /app/1    script '#!/app/2\\n'
            /app/2    script '#!/app/3\\n'
            /app/3    script '#!/app/4\\n'
            /app/4    script '#!/app/5\\n'
            /app/5    script '#!/bin/sh\\n'
            /bin/sh   elf static
        ",
        // Five are allowed.
        near: "
            /app/exe  script '#!/app/1\\n'
            /app/1    script '#!/app/2\\n'
            /app/2    script '#!/app/3\\n'
            /app/3    script '#!/app/4\\n'
            /app/4    script '#!/bin/sh\\n'
            /bin/sh   elf static
        ",
    },
];
