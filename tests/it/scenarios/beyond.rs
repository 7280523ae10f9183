//! What programs look for beyond what they are linked with.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "dlopen-missing",
        fires: r#"
            /app/exe  elf dlopen='[{"soname":["liba.so.2","liba.so.1"],"priority":"suggested"}]'
        "#,
        // One of them is enough, and the search is that of the object.
        near: r#"
            /app/exe            elf runpath=/app/lib dlopen='[{"soname":["liba.so.2","liba.so.1"]}]'
            /app/lib/liba.so.1  elf
        "#,
    },
    // The runpath of the program is not that of its library.
    Scenario {
        code: "dlopen-missing",
        fires: r#"
            /app/exe           elf needed=libb.so runpath=/app/lib
            /app/lib/libb.so   elf dlopen='{"soname":"liba.so","priority":"required"}'
            /app/lib/liba.so   elf
        "#,
        near: r#"
            /app/exe           elf needed=libb.so rpath=/app/lib
            /app/lib/libb.so   elf dlopen='{"soname":"liba.so","priority":"required"}'
            /app/lib/liba.so   elf
        "#,
    },
    // What a library merely suggests is no matter of those who need it.
    Scenario {
        code: "dlopen-missing",
        fires: r#"
            run /usr/lib/libb.so
            /app/exe           elf needed=libb.so
            /usr/lib/libb.so   elf dlopen='{"soname":"liba.so","priority":"suggested"}'
        "#,
        near: r#"
            /app/exe           elf needed=libb.so
            /usr/lib/libb.so   elf dlopen='{"soname":"liba.so","priority":"suggested"}'
        "#,
    },
    // musl searches as if the program had asked.
    Scenario {
        code: "dlopen-missing",
        fires: r#"
            loader musl
            /app/exe            elf needed=libb.so
            /usr/lib/libb.so    elf runpath=/opt dlopen='{"soname":"liba.so","priority":"required"}'
            /opt/liba.so        elf
        "#,
        near: r#"
            loader musl
            /app/exe            elf needed=libb.so runpath=/opt
            /usr/lib/libb.so    elf dlopen='{"soname":"liba.so","priority":"required"}'
            /opt/liba.so        elf
        "#,
    },
    // glibc's own.
    Scenario {
        code: "dlopen-missing",
        fires: "
            /app/exe            elf needed=libc.so.6 calls=pthread_exit
            /usr/lib/libc.so.6  libc
        ",
        near: "
            /app/exe               elf needed=libc.so.6 calls=pthread_exit
            /usr/lib/libc.so.6     libc
            /usr/lib/libgcc_s.so.1 elf
        ",
    },
    Scenario {
        code: "nss-modules",
        fires: "
            /app/exe            elf needed=libc.so.6 calls=getpwnam
            /usr/lib/libc.so.6  libc
            /etc/nsswitch.conf  text 'passwd: sss [NOTFOUND=return] files\\n'
        ",
        near: "
            /app/exe                 elf needed=libc.so.6 calls=getpwnam
            /usr/lib/libc.so.6       libc
            /usr/lib/libnss_sss.so.2 elf
            /etc/nsswitch.conf       text 'passwd: sss files\\nhosts: resolve\\n'
        ",
    },
    // Of glibc's own modules the last became part of it in 2.34.
    Scenario {
        code: "nss-modules",
        fires: "
            loader glibc 2.31
            /app/exe            elf needed=libc.so.6 calls=getaddrinfo
            /usr/lib/libc.so.6  libc
            /etc/nsswitch.conf  text 'hosts: files dns\\n'
        ",
        near: "
            loader glibc 2.36
            /app/exe            elf needed=libc.so.6 calls=getaddrinfo
            /usr/lib/libc.so.6  libc
            /etc/nsswitch.conf  text 'hosts: files dns\\n'
        ",
    },
    Scenario {
        code: "resolver-config",
        fires: "
            loader glibc 2.31
            /app/exe                   elf needed=libc.so.6 calls=getaddrinfo
            /usr/lib/libc.so.6         libc
            /usr/lib/libnss_dns.so.2   elf
            /usr/lib/libnss_files.so.2 elf
        ",
        near: "
            loader glibc 2.36
            /app/exe            elf needed=libc.so.6 calls=getaddrinfo
            /usr/lib/libc.so.6  libc
        ",
    },
    Scenario {
        code: "no-ca-certificates",
        fires: "
            Entrypoint /app/exe
            /app/exe  elf static go='net/http.(*Transport).dialConn,crypto/x509.loadSystemRoots'
            /etc/ssl/certs/ca-certificates.crt link /usr/share/gone
        ",
        // A server of HTTP can check certificates as well, and need not.
        near: "
            Entrypoint /app/exe
            /app/exe  elf static go='net/http.(*Server).Serve,crypto/x509.loadSystemRoots'
        ",
    },
    Scenario {
        code: "no-ca-certificates",
        fires: "
            Env SSL_CERT_FILE=/gone.pem
            /app/exe            elf needed=liba.so,libc.so.6
            /usr/lib/liba.so    elf needed=libssl.so.3 calls=SSL_CTX_set_default_verify_paths
            /usr/lib/libssl.so.3 elf
            /usr/lib/libc.so.6  libc
        ",
        near: "
            Env SSL_CERT_FILE=/my.pem
            /my.pem             text '-----BEGIN CERTIFICATE-----\\n'
            /app/exe            elf needed=liba.so,libc.so.6
            /usr/lib/liba.so    elf needed=libssl.so.3 calls=SSL_CTX_set_default_verify_paths
            /usr/lib/libssl.so.3 elf
            /usr/lib/libc.so.6  libc
        ",
    },
    Scenario {
        code: "no-tzdata",
        fires: "
            /app/exe  elf static go=time.LoadLocation
        ",
        near: "
            /app/exe  elf static go=time.LoadLocation,time.registerLoadFromEmbeddedTZData
        ",
    },
    Scenario {
        code: "no-tzdata",
        fires: "
            Env TZ=Europe/Berlin
            /app/exe                      elf needed=libc.so.6 calls=localtime
            /usr/lib/libc.so.6            libc
            /usr/share/zoneinfo/Asia/Tokyo text 'TZif2'
        ",
        near: "
            Env TZ=Europe/Berlin
            /app/exe                          elf needed=libc.so.6 calls=localtime
            /usr/lib/libc.so.6                libc
            /usr/share/zoneinfo/Europe/Berlin text 'TZif2'
        ",
    },
    Scenario {
        code: "no-tmp",
        fires: "
            /app/exe            elf needed=libc.so.6 calls=tmpfile
            /usr/lib/libc.so.6  libc
        ",
        near: "
            /tmp                dir mode=1777
            /app/exe            elf needed=libc.so.6 calls=tmpfile
            /usr/lib/libc.so.6  libc
        ",
    },
    // Only some functions look at TMPDIR.
    Scenario {
        code: "no-tmp",
        fires: "
            Env TMPDIR=/var/tmp
            /var/tmp            dir
            /app/exe            elf needed=libc.so.6 calls=tmpfile
            /usr/lib/libc.so.6  libc
        ",
        near: "
            Env TMPDIR=/var/tmp
            /var/tmp            dir
            /app/exe            elf needed=libc.so.6 calls=tempnam
            /usr/lib/libc.so.6  libc
        ",
    },
    Scenario {
        code: "no-tmp",
        fires: "
            User 65534
            /tmp      dir mode=0755
            /app/exe  elf static go=os.CreateTemp
        ",
        near: "
            User 65534
            /tmp      dir mode=1777
            /app/exe  elf static go=os.CreateTemp
        ",
    },
    Scenario {
        code: "no-passwd-home",
        fires: "
            User 1000
            /app/exe            elf needed=libc.so.6 calls=getpwuid
            /usr/lib/libc.so.6  libc
            /etc/passwd         text 'root:x:0:0::/root:/bin/sh\\napp:x:100:1000::/:/bin/sh\\n'
        ",
        near: "
            User 1000
            /app/exe            elf needed=libc.so.6 calls=getpwuid
            /usr/lib/libc.so.6  libc
            /etc/passwd         text 'root:x:0:0::/root:/bin/sh\\napp:x:1000:100::/:/bin/sh\\n'
        ",
    },
    Scenario {
        code: "mount-hides",
        fires: "
            Volumes /app/lib
            /app/exe            elf needed=liba.so runpath=$ORIGIN/lib
            /app/lib/liba.so    elf
        ",
        near: "
            Volumes /app/li /app/exe/x /data
            /app/exe            elf needed=liba.so runpath=$ORIGIN/lib
            /app/lib/liba.so    elf
        ",
    },
];
