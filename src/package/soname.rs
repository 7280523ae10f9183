//! Which package brings a library.
//!
//! The columns for Debian 12 and 13 and for Ubuntu 24.04 were compared with the
//! `Contents-amd64` files of their archives (bookworm, trixie, noble). Those for
//! Alpine and for Fedora with its relatives come from use and are told as usual,
//! not as certain; so is [`OLDER`], which has what Debian 11 and Ubuntu 20.04 and 22.04
//! call otherwise (packages.debian.org, packages.ubuntu.com). Another release of Debian
//! or Ubuntu gets a name only where all of these agree about it, since one name that apt
//! does not know keeps it from installing the others; another distribution gets none.

use crate::report::Distro;

/// soname | Debian 12 | Debian 13 | Ubuntu 24.04 | Alpine | Fedora, RHEL.
/// `=`: as to the left; `-`: has none.
const TABLE: &str = "\
libc.so.6|libc6|=|=|-|glibc
libm.so.6|libc6|=|=|-|glibc
libpthread.so.0|libc6|=|=|-|glibc
libdl.so.2|libc6|=|=|-|glibc
librt.so.1|libc6|=|=|-|glibc
libutil.so.1|libc6|=|=|-|glibc
libresolv.so.2|libc6|=|=|-|glibc
libstdc++.so.6|libstdc++6|=|=|libstdc++|libstdc++
libgcc_s.so.1|libgcc-s1|=|=|libgcc|libgcc
libgomp.so.1|libgomp1|=|=|libgomp|libgomp
libgfortran.so.5|libgfortran5|=|=|libgfortran|libgfortran
libquadmath.so.0|libquadmath0|=|=|libquadmath|libquadmath
libatomic.so.1|libatomic1|=|=|libatomic|libatomic
libz.so.1|zlib1g|=|=|zlib|zlib
libbz2.so.1.0|libbz2-1.0|=|=|-|-
libbz2.so.1|-|-|-|libbz2|bzip2-libs
liblzma.so.5|liblzma5|=|=|xz-libs|xz-libs
libzstd.so.1|libzstd1|=|=|zstd-libs|libzstd
libssl.so.3|libssl3|libssl3t64|=|libssl3|openssl-libs
libcrypto.so.3|libssl3|libssl3t64|=|libcrypto3|openssl-libs
libcrypt.so.1|libcrypt1|=|=|-|libxcrypt-compat
libcrypt.so.2|-|-|-|libxcrypt|libxcrypt
libffi.so.8|libffi8|=|=|libffi|libffi
libexpat.so.1|libexpat1|=|=|libexpat|expat
libsqlite3.so.0|libsqlite3-0|=|=|sqlite-libs|sqlite-libs
libpq.so.5|libpq5|=|=|libpq|libpq
libmariadb.so.3|libmariadb3|=|=|mariadb-connector-c|mariadb-connector-c
libmysqlclient.so.21|-|-|libmysqlclient21|-|mysql-libs
libcurl.so.4|libcurl4|libcurl4t64|=|libcurl|libcurl
libcurl-gnutls.so.4|libcurl3-gnutls|libcurl3t64-gnutls|=|-|-
libxml2.so.2|libxml2|=|=|libxml2|libxml2
libxslt.so.1|libxslt1.1|=|=|libxslt|libxslt
libicuuc.so.72|libicu72|-|-|-|-
libicui18n.so.72|libicu72|-|-|-|-
libicudata.so.72|libicu72|-|-|-|-
libicuuc.so.76|-|libicu76|-|-|-
libicui18n.so.76|-|libicu76|-|-|-
libicudata.so.76|-|libicu76|-|-|-
libicuuc.so.74|-|-|libicu74|-|-
libicui18n.so.74|-|-|libicu74|-|-
libicudata.so.74|-|-|libicu74|-|-
libGL.so.1|libgl1|=|=|mesa-gl|libglvnd-glx
libEGL.so.1|libegl1|=|=|mesa-egl|libglvnd-egl
libglib-2.0.so.0|libglib2.0-0|libglib2.0-0t64|=|glib|glib2
libgthread-2.0.so.0|libglib2.0-0|libglib2.0-0t64|=|glib|glib2
libSM.so.6|libsm6|=|=|libsm|libSM
libX11.so.6|libx11-6|=|=|libx11|libX11
libXext.so.6|libxext6|=|=|libxext|libXext
libXrender.so.1|libxrender1|=|=|libxrender|libXrender
libXss.so.1|libxss1|=|=|libxscrnsaver|libXScrnSaver
libXcomposite.so.1|libxcomposite1|=|=|libxcomposite|libXcomposite
libXdamage.so.1|libxdamage1|=|=|libxdamage|libXdamage
libXrandr.so.2|libxrandr2|=|=|libxrandr|libXrandr
libXtst.so.6|libxtst6|=|=|libxtst|libXtst
libXi.so.6|libxi6|=|=|libxi|libXi
libXfixes.so.3|libxfixes3|=|=|libxfixes|libXfixes
libXcursor.so.1|libxcursor1|=|=|libxcursor|libXcursor
libxcb.so.1|libxcb1|=|=|libxcb|libxcb
libxkbcommon.so.0|libxkbcommon0|=|=|libxkbcommon|libxkbcommon
libxshmfence.so.1|libxshmfence1|=|=|libxshmfence|libxshmfence
libnss3.so|libnss3|=|=|nss|nss
libnssutil3.so|libnss3|=|=|nss|nss-util
libnspr4.so|libnspr4|=|=|nspr|nspr
libatk-1.0.so.0|libatk1.0-0|libatk1.0-0t64|=|at-spi2-core|atk
libatk-bridge-2.0.so.0|libatk-bridge2.0-0|libatk-bridge2.0-0t64|=|at-spi2-core|at-spi2-atk
libcups.so.2|libcups2|libcups2t64|=|cups-libs|cups-libs
libdrm.so.2|libdrm2|=|=|libdrm|libdrm
libgbm.so.1|libgbm1|=|=|mesa-gbm|mesa-libgbm
libasound.so.2|libasound2|libasound2t64|=|alsa-lib|alsa-lib
libpango-1.0.so.0|libpango-1.0-0|=|=|pango|pango
libcairo.so.2|libcairo2|=|=|cairo|cairo
libgtk-3.so.0|libgtk-3-0|libgtk-3-0t64|=|gtk+3.0|gtk3
libgdk_pixbuf-2.0.so.0|libgdk-pixbuf-2.0-0|=|=|gdk-pixbuf|gdk-pixbuf2
libdbus-1.so.3|libdbus-1-3|=|=|dbus-libs|dbus-libs
libfontconfig.so.1|libfontconfig1|=|=|fontconfig|fontconfig
libfreetype.so.6|libfreetype6|=|=|freetype|freetype
libpng16.so.16|libpng16-16|libpng16-16t64|=|libpng|libpng
libjpeg.so.62|libjpeg62-turbo|=|libjpeg62|-|libjpeg-turbo
libjpeg.so.8|-|-|libjpeg-turbo8|libjpeg-turbo|-
libtiff.so.6|libtiff6|=|=|tiff|libtiff
libwebp.so.7|libwebp7|=|=|libwebp|libwebp
libvips.so.42|libvips42|libvips42t64|=|vips|vips
libvips-cpp.so.42|libvips42|libvips42t64|=|vips-cpp|vips
libtinfo.so.5|libtinfo5|-|-|-|ncurses-compat-libs
libncurses.so.5|libncurses5|-|-|-|ncurses-compat-libs
libtinfo.so.6|libtinfo6|=|=|-|ncurses-libs
libncursesw.so.6|libncursesw6|=|=|libncursesw|ncurses-libs
libreadline.so.8|libreadline8|libreadline8t64|=|readline|readline
libfuse.so.2|libfuse2|libfuse2t64|=|fuse|fuse-libs
libfuse3.so.3|libfuse3-3|-|libfuse3-3|fuse3-libs|fuse3-libs
libfuse3.so.4|-|libfuse3-4|-|-|-
libaio.so.1|libaio1|-|-|libaio|libaio
libaio.so.1t64|-|libaio1t64|=|-|-
libnsl.so.1|libc6|=|=|-|libnsl
libnsl.so.2|libnsl2|=|=|libnsl|libnsl2
libtirpc.so.3|libtirpc3|libtirpc3t64|=|libtirpc|libtirpc
libodbc.so.2|libodbc2|=|=|unixodbc|unixODBC
libldap-2.5.so.0|libldap-2.5-0|-|-|-|-
libldap.so.2|-|libldap2|=|libldap|openldap
libsasl2.so.2|libsasl2-2|=|=|-|-
libgssapi_krb5.so.2|libgssapi-krb5-2|=|=|krb5-libs|krb5-libs
libsodium.so.23|libsodium23|=|=|-|libsodium
libzmq.so.5|libzmq5|=|=|libzmq|zeromq
librdkafka.so.1|librdkafka1|=|=|librdkafka|librdkafka
libuv.so.1|libuv1|libuv1t64|=|libuv|libuv
libunwind.so.8|libunwind8|=|=|libunwind|libunwind
libmagic.so.1|libmagic1|libmagic1t64|=|libmagic|file-libs
libsnappy.so.1|libsnappy1v5|=|=|snappy|snappy
liblz4.so.1|liblz4-1|=|=|lz4-libs|lz4-libs
libjemalloc.so.2|libjemalloc2|=|=|jemalloc|jemalloc
libtcmalloc.so.4|libgoogle-perftools4|libgoogle-perftools4t64|=|gperftools|gperftools-libs
libpcap.so.0.8|libpcap0.8|libpcap0.8t64|=|-|-
libpcap.so.1|-|-|-|libpcap|libpcap
libusb-1.0.so.0|libusb-1.0-0|=|=|libusb|libusb1
libudev.so.1|libudev1|=|=|eudev-libs|systemd-libs
libseccomp.so.2|libseccomp2|=|=|libseccomp|libseccomp
libsystemd.so.0|libsystemd0|=|=|-|systemd-libs
libpcre.so.3|libpcre3|-|libpcre3|-|-
libpcre.so.1|-|-|-|pcre|pcre
libpcre2-8.so.0|libpcre2-8-0|=|=|pcre2|pcre2
libgeos_c.so.1|libgeos-c1v5|libgeos-c1t64|=|geos|geos
libproj.so.25|libproj25|=|=|proj|proj
libpython3.11.so.1.0|libpython3.11|-|-|-|-
libpython3.13.so.1.0|-|libpython3.13|-|-|-
libpython3.12.so.1.0|-|-|libpython3.12t64|-|-
libOpenCL.so.1|ocl-icd-libopencl1|=|=|opencl-icd-loader|ocl-icd
libnuma.so.1|libnuma1|=|=|numactl|numactl-libs
";

/// Where releases before those of the table differ from Debian 12, or have a library that
/// it does not have: soname | Debian 11 | Ubuntu 20.04 | Ubuntu 22.04. `-`: has none.
const OLDER: &str = "\
libssl.so.3|-|-|libssl3
libcrypto.so.3|-|-|libssl3
libssl.so.1.1|libssl1.1|libssl1.1|-
libcrypto.so.1.1|libssl1.1|libssl1.1|-
libffi.so.8|-|-|libffi8
libffi.so.7|libffi7|libffi7|-
libmysqlclient.so.21|-|libmysqlclient21|libmysqlclient21
libicuuc.so.72|-|-|-
libicui18n.so.72|-|-|-
libicudata.so.72|-|-|-
libicuuc.so.70|-|-|libicu70
libicui18n.so.70|-|-|libicu70
libicudata.so.70|-|-|libicu70
libicuuc.so.67|libicu67|-|-
libicui18n.so.67|libicu67|-|-
libicudata.so.67|libicu67|-|-
libicuuc.so.66|-|libicu66|-
libicui18n.so.66|-|libicu66|-
libicudata.so.66|-|libicu66|-
libgdk_pixbuf-2.0.so.0|libgdk-pixbuf-2.0-0|libgdk-pixbuf2.0-0|libgdk-pixbuf-2.0-0
libjpeg.so.62|libjpeg62-turbo|libjpeg62|libjpeg62
libjpeg.so.8|-|libjpeg-turbo8|libjpeg-turbo8
libtiff.so.6|-|-|-
libtiff.so.5|libtiff5|libtiff5|libtiff5
libwebp.so.7|-|-|libwebp7
libwebp.so.6|libwebp6|libwebp6|-
libnsl.so.2|libnsl2|-|libnsl2
libodbc.so.2|libodbc1|libodbc1|libodbc2
libldap-2.5.so.0|-|-|libldap-2.5-0
libldap-2.4.so.2|libldap-2.4-2|libldap-2.4-2|-
libldap_r-2.4.so.2|libldap-2.4-2|libldap-2.4-2|-
libproj.so.25|-|-|-
libproj.so.22|-|-|libproj22
libproj.so.19|libproj19|-|-
libproj.so.15|-|libproj15|-
libpython3.11.so.1.0|-|-|-
libpython3.10.so.1.0|-|-|libpython3.10
libpython3.9.so.1.0|libpython3.9|-|-
libpython3.8.so.1.0|-|libpython3.8|-
";

/// Arch's packages, as its file lists have them (archlinux.org/packages): soname, package.
const ARCH: &str = "\
libc.so.6|glibc
libm.so.6|glibc
libpthread.so.0|glibc
libdl.so.2|glibc
librt.so.1|glibc
libutil.so.1|glibc
libresolv.so.2|glibc
libstdc++.so.6|gcc-libs
libgcc_s.so.1|gcc-libs
libgomp.so.1|gcc-libs
libgfortran.so.5|gcc-libs
libquadmath.so.0|gcc-libs
libatomic.so.1|gcc-libs
libz.so.1|zlib
libbz2.so.1.0|bzip2
liblzma.so.5|xz
libzstd.so.1|zstd
libssl.so.3|openssl
libcrypto.so.3|openssl
libcrypt.so.1|libxcrypt-compat
libcrypt.so.2|libxcrypt
libffi.so.8|libffi
libexpat.so.1|expat
libsqlite3.so.0|sqlite
libpq.so.5|postgresql-libs
libmariadb.so.3|mariadb-libs
libcurl.so.4|curl
libxslt.so.1|libxslt
libGL.so.1|libglvnd
libEGL.so.1|libglvnd
libglib-2.0.so.0|glib2
libgthread-2.0.so.0|glib2
libSM.so.6|libsm
libX11.so.6|libx11
libXext.so.6|libxext
libXrender.so.1|libxrender
libXrandr.so.2|libxrandr
libXi.so.6|libxi
libxcb.so.1|libxcb
libxkbcommon.so.0|libxkbcommon
libnss3.so|nss
libnspr4.so|nspr
libcups.so.2|libcups
libdrm.so.2|libdrm
libasound.so.2|alsa-lib
libpango-1.0.so.0|pango
libcairo.so.2|cairo
libgtk-3.so.0|gtk3
libdbus-1.so.3|dbus
libfontconfig.so.1|fontconfig
libfreetype.so.6|freetype2
libpng16.so.16|libpng
libjpeg.so.8|libjpeg-turbo
libtiff.so.6|libtiff
libwebp.so.7|libwebp
libncursesw.so.6|ncurses
libreadline.so.8|readline
libfuse.so.2|fuse2
libgssapi_krb5.so.2|krb5
libsodium.so.23|libsodium
libzmq.so.5|zeromq
libuv.so.1|libuv
libmagic.so.1|file
libsnappy.so.1|snappy
liblz4.so.1|lz4
libjemalloc.so.2|jemalloc
libpcap.so.1|libpcap
libusb-1.0.so.0|libusb
libudev.so.1|systemd-libs
libsystemd.so.0|systemd-libs
libseccomp.so.2|libseccomp
libpcre2-8.so.0|pcre2
libgcrypt.so.20|libgcrypt
libgnutls.so.30|gnutls
";

/// The releases that [`OLDER`] has columns for.
const OLDER_RELEASES: [(&str, &str); 3] =
    [("debian", "11"), ("ubuntu", "20.04"), ("ubuntu", "22.04")];

/// What installs packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manager {
    /// Debian's.
    Apt,
    /// Alpine's.
    Apk,
    /// Fedora's.
    Dnf,
    /// The small one of Red Hat's minimal images.
    Microdnf,
    /// SUSE's.
    Zypper,
    /// Arch's.
    Pacman,
}

impl Manager {
    /// All of them; of two in one target the first is the one to use.
    pub const ALL: [Manager; 6] = [
        Manager::Apt,
        Manager::Apk,
        Manager::Dnf,
        Manager::Microdnf,
        Manager::Zypper,
        Manager::Pacman,
    ];

    /// Its programs, by one of which a target that has it is known.
    #[must_use]
    pub fn programs(self) -> &'static [&'static str] {
        match self {
            Manager::Apt => &["/usr/bin/apt-get"],
            Manager::Apk => &["/sbin/apk", "/usr/bin/apk"],
            Manager::Dnf => &["/usr/bin/dnf"],
            Manager::Microdnf => &["/usr/bin/microdnf"],
            Manager::Zypper => &["/usr/bin/zypper"],
            Manager::Pacman => &["/usr/bin/pacman"],
        }
    }

    /// The instruction that installs `package`.
    #[must_use]
    pub fn command(self, package: &str) -> String {
        match self {
            Manager::Apt => format!(
                "RUN apt-get update && apt-get install -y --no-install-recommends {package}"
            ),
            Manager::Apk => format!("RUN apk add --no-cache {package}"),
            Manager::Dnf => format!("RUN dnf install -y {package}"),
            Manager::Microdnf => format!("RUN microdnf install -y {package}"),
            Manager::Zypper => format!("RUN zypper --non-interactive install {package}"),
            Manager::Pacman => format!("RUN pacman -Syu --noconfirm {package}"),
        }
    }
}

/// What a package of rpm that has the library `soname` provides, by which dnf and zypper
/// install it whatever its name (rpm `tools/elfdeps.c`): `libz.so.1()(64bit)`. `None`
/// for a name that rpm would write otherwise.
#[must_use]
pub fn capability(soname: &[u8], is_64: bool) -> Option<String> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._".contains(byte);
    let is_name = soname.iter().all(is_plain) && memchr::memmem::find(soname, b".so").is_some();
    let name = std::str::from_utf8(soname).ok().filter(|_| is_name)?;
    Some(match is_64 {
        true => format!("'{name}()(64bit)'"),
        false => name.to_owned(),
    })
}

/// A package that brings a library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Provider {
    /// Its name.
    pub package: &'static str,
    /// What installs it, the likelier one first.
    pub managers: &'static [Manager],
    /// It was looked up in the archive, and not taken from use.
    pub is_certain: bool,
}

/// The package of `distro` that brings the library `soname`; `None` where that is
/// not known.
#[must_use]
pub fn provider(distro: &Distro, soname: &[u8]) -> Option<Provider> {
    const DEBIAN_12: usize = 1;
    const UBUNTU_24: usize = 3;
    const ALPINE: usize = 4;
    const FEDORA: usize = 5;
    if distro.id == "arch" {
        let package = of_arch(soname)?;
        return Some(Provider {
            package,
            managers: &[Manager::Pacman],
            is_certain: false,
        });
    }
    let version = distro.version_id.as_deref().unwrap_or_default();
    if let Some(column) = OLDER_RELEASES
        .iter()
        .position(|older| *older == (&*distro.id, version))
    {
        let package = of_older(soname, column)?;
        return Some(Provider {
            package,
            managers: &[Manager::Apt],
            is_certain: false,
        });
    }
    let columns = columns(soname)?;
    let (column, managers, is_certain): (usize, &[Manager], bool) =
        match (distro.id.as_str(), version) {
            ("debian", "12") => (DEBIAN_12, &[Manager::Apt], true),
            ("debian", "13") => (DEBIAN_12 + 1, &[Manager::Apt], true),
            ("ubuntu", "24.04") => (UBUNTU_24, &[Manager::Apt], true),
            ("debian" | "ubuntu", _) => {
                let first = columns[DEBIAN_12];
                let agree = columns[DEBIAN_12..=UBUNTU_24].iter().all(|c| *c == first);
                let older = 0..OLDER_RELEASES.len();
                let agree = agree
                    && older
                        .map(|at| of_older(soname, at))
                        .all(|c| c == Some(first));
                (agree.then_some(DEBIAN_12)?, &[Manager::Apt], false)
            }
            ("alpine", _) => (ALPINE, &[Manager::Apk], false),
            ("fedora" | "amzn" | "centos" | "rocky" | "almalinux" | "ol", _) => {
                (FEDORA, &[Manager::Dnf, Manager::Microdnf], false)
            }
            ("rhel", _) => (FEDORA, &[Manager::Microdnf, Manager::Dnf], false),
            _ => return None,
        };
    let package = columns[column];
    (package != "-").then_some(Provider {
        package,
        managers,
        is_certain,
    })
}

/// The package in the release of this column of [`OLDER`].
fn of_older(soname: &[u8], column: usize) -> Option<&'static str> {
    let mut rows = OLDER.lines().map(|row| row.split('|'));
    let row = rows.find_map(|mut row| {
        let name = row.next()?;
        (name.as_bytes() == soname).then_some(row)
    });
    let package = match row {
        Some(mut cells) => cells.nth(column)?,
        None => columns(soname)?[1],
    };
    (package != "-").then_some(package)
}

fn of_arch(soname: &[u8]) -> Option<&'static str> {
    let rows = ARCH.lines().filter_map(|row| row.split_once('|'));
    let mut own = rows.filter(|(name, _)| name.as_bytes() == soname);
    own.next().map(|(_, package)| package)
}

/// The row of a soname, its `=` resolved.
fn columns(soname: &[u8]) -> Option<[&'static str; 6]> {
    let row = TABLE.lines().find(|row| {
        row.split('|')
            .next()
            .is_some_and(|n| n.as_bytes() == soname)
    })?;
    let mut columns = ["-"; 6];
    let mut left = "-";
    for (column, cell) in columns.iter_mut().zip(row.split('|')) {
        left = if cell == "=" { left } else { cell };
        *column = left;
    }
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(id: &str, version: &str, soname: &str) -> Option<&'static str> {
        let distro = Distro {
            id: id.to_owned(),
            version_id: (!version.is_empty()).then(|| version.to_owned()),
        };
        provider(&distro, soname.as_bytes()).map(|provider| provider.package)
    }

    #[test]
    fn each_release_has_its_own_names() {
        assert_eq!(package("debian", "12", "libssl.so.3"), Some("libssl3"));
        assert_eq!(package("debian", "13", "libssl.so.3"), Some("libssl3t64"));
        assert_eq!(
            package("ubuntu", "24.04", "libssl.so.3"),
            Some("libssl3t64")
        );
        assert_eq!(
            package("alpine", "3.20.3", "libcrypto.so.3"),
            Some("libcrypto3")
        );
        assert_eq!(package("rhel", "9.4", "libssl.so.3"), Some("openssl-libs"));
    }

    #[test]
    fn a_release_that_is_not_known_gets_what_the_known_ones_agree_about() {
        assert_eq!(package("ubuntu", "25.04", "libssl.so.3"), None);
        assert_eq!(package("ubuntu", "25.04", "libgomp.so.1"), Some("libgomp1"));
        assert_eq!(package("debian", "", "libz.so.1"), Some("zlib1g"));
        // The tables of Debian 12 and later have one name for it, those before none.
        assert_eq!(package("debian", "10", "libtiff.so.6"), None);
        assert_eq!(package("debian", "", "libffi.so.8"), None);
    }

    #[test]
    fn older_releases_have_the_sonames_of_their_time() {
        let of = |soname: &str| OLDER_RELEASES.map(|(id, version)| package(id, version, soname));
        assert_eq!(of("libtiff.so.6"), [None, None, None]);
        assert_eq!(of("libtiff.so.5"), [Some("libtiff5"); 3]);
        assert_eq!(of("libffi.so.8"), [None, None, Some("libffi8")]);
        assert_eq!(of("libssl.so.3"), [None, None, Some("libssl3")]);
        assert_eq!(of("libcurl.so.4"), [Some("libcurl4"); 3]);
        assert_eq!(of("libmine.so.1"), [None; 3]);
        for (id, version) in [("debian", "12"), ("debian", "13"), ("ubuntu", "24.04")] {
            assert_eq!(package(id, version, "libtiff.so.5"), None);
            assert_eq!(package(id, version, "libssl.so.1.1"), None);
        }
    }

    #[test]
    fn what_a_distribution_lacks_has_no_package() {
        assert_eq!(package("alpine", "3.20.3", "libc.so.6"), None);
        assert_eq!(package("debian", "13", "libaio.so.1"), None);
        assert_eq!(package("arch", "", "libz.so.1"), Some("zlib"));
        assert_eq!(package("arch", "", "libaio.so.1"), None);
        assert_eq!(package("debian", "12", "libmine.so.1"), None);
    }

    #[test]
    fn rpm_says_of_a_package_what_it_provides() {
        let of = |name: &str, is_64| capability(name.as_bytes(), is_64);
        assert_eq!(
            of("libz.so.1", true).as_deref(),
            Some("'libz.so.1()(64bit)'")
        );
        assert_eq!(of("libz.so.1", false).as_deref(), Some("libz.so.1"));
        assert_eq!(of("lib'z.so", true), None);
        assert_eq!(of("/x/libz.so", true), None);
    }

    #[test]
    fn every_row_is_whole_and_there_once() {
        let mut names = Vec::new();
        for row in TABLE.lines() {
            let cells: Vec<&str> = row.split('|').collect();
            assert_eq!(cells.len(), 6, "{row}");
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
            assert_ne!(cells[1], "=", "{row}");
            assert_ne!(cells[5], "=", "{row}");
            names.push(cells[0]);
        }
        let mut older: Vec<&str> = Vec::new();
        for row in OLDER.lines() {
            let cells: Vec<&str> = row.split('|').collect();
            assert_eq!(cells.len(), 1 + OLDER_RELEASES.len(), "{row}");
            assert!(
                cells.iter().all(|cell| !cell.is_empty() && *cell != "="),
                "{row}"
            );
            older.push(cells[0]);
        }
        let count = older.len();
        older.sort_unstable();
        older.dedup();
        assert_eq!(older.len(), count);
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
