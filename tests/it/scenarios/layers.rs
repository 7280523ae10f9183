//! What layers do to one another.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    code: "deleted-by-layer",
    fires: "
        layer 'COPY app /app'
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf
        layer 'RUN rm /usr/lib/liba.so.1'
            /usr/lib/liba.so.1  whiteout
    ",
    // What nobody needs may go.
    near: "
        layer 'COPY app /app'
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf
            /usr/lib/libb.so.1  elf
        layer 'RUN rm /usr/lib/libb.so.1'
            /usr/lib/libb.so.1  whiteout
    ",
}];
