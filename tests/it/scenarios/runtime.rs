//! What an image's configuration asks for.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "entrypoint-empty",
        fires: "
            Entrypoint ''
            /app/exe  elf static
        ",
        // An empty Entrypoint takes nothing from Cmd.
        near: "
            Entrypoint ''
            Cmd /app/exe
            /app/exe  elf static
        ",
    },
    Scenario {
        code: "shell-form-no-shell",
        fires: "
            Entrypoint /bin/sh -c '/app/exe --flag'
            /app/exe  elf static
        ",
        // A shell that is not there, and not because of shell form.
        near: "
            Entrypoint /bin/sh /app/exe
            /app/exe  elf static
        ",
    },
    Scenario {
        code: "exec-form-malformed",
        fires: "
            Entrypoint '/app/exe --flag'
            /app/exe  elf static
        ",
        // A name with a blank, and a shell's own bracket.
        near: "
            Entrypoint '/app/my exe'
            Cmd /bin/sh -c '[ -e /app ]'
            /app/'my exe'  elf static
            /bin/sh        elf static
        ",
    },
    Scenario {
        code: "exec-form-malformed",
        fires: "
            Entrypoint /app/exe
            Healthcheck CMD [curl,-f,http://localhost/]
            /app/exe  elf static
        ",
        // `test` is called so.
        near: "
            Entrypoint /app/exe
            Healthcheck CMD [ -e /app ]
            /app/exe  elf static
        ",
    },
    Scenario {
        code: "user-unknown",
        fires: "
            Entrypoint /app/exe
            User nobody
            /etc/passwd  text 'root:x:0:0::/root:/bin/sh\\n'
            /app/exe     elf static
        ",
        // A number needs no entry.
        near: "
            Entrypoint /app/exe
            User 4711:4711
            /etc/passwd  text 'root:x:0:0::/root:/bin/sh\\n'
            /app/exe     elf static
        ",
    },
    Scenario {
        code: "workdir-unusable",
        fires: "
            Entrypoint /app/exe
            WorkingDir /srv
            /srv      text 'a server'
            /app/exe  elf static
        ",
        near: "
            Entrypoint /app/exe
            WorkingDir /srv
            /srv      link var/srv
            /var/srv  dir
            /app/exe  elf static
        ",
    },
    Scenario {
        code: "workdir-missing",
        fires: "
            Entrypoint /app/exe
            WorkingDir /srv/data
            /srv      dir
            /app/exe  elf static
        ",
        near: "
            Entrypoint /app/exe
            WorkingDir /srv/../app/.
            /srv      dir
            /app/exe  elf static
        ",
    },
    Scenario {
        code: "variable-malformed",
        fires: "
            Entrypoint /app/exe
            Env =value
            /app/exe  elf static
        ",
        // Nothing behind the `=`, and one more `=`, are allowed.
        near: "
            Entrypoint /app/exe
            Env EMPTY= 'a b=c=d'
            /app/exe  elf static
        ",
    },
    Scenario {
        code: "runtimes-disagree",
        fires: "
            Entrypoint exe
            User 4711
            Env PATH=/usr/local/bin:/usr/bin
            /usr/local/bin/exe  elf static mode=0700
            /usr/bin/exe        elf static
        ",
        // No one may execute the first, so that everyone takes the second.
        near: "
            Entrypoint exe
            User 4711
            Env PATH=/usr/local/bin:/usr/bin
            /usr/local/bin/exe  elf static mode=0600
            /usr/bin/exe        elf static
        ",
    },
    Scenario {
        code: "healthcheck-malformed",
        fires: "
            Entrypoint /app/exe
            Healthcheck /app/exe --check
            /app/exe  elf static
        ",
        near: "
            Entrypoint /app/exe
            Healthcheck NONE
            /app/exe  elf static
        ",
    },
];
