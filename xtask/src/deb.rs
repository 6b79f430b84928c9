//! The Debian package: `deploy/debian` and the command, laid out and packed by `dpkg-deb`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo::{self, finish};
use crate::console;
use crate::machine::need_program;
use crate::rig::{empty_folder, process};

/// The scripts that dpkg runs.
const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];

/// Builds the command in release mode, and packs it.
///
/// # Errors
/// When it does not build, or cannot be packed.
pub(crate) fn run() -> Result<()> {
    cargo::run(&["build", "--locked", "--release", "--package=jeton"])?;
    let target = cargo::target_directory()?;
    let packed = pack(&target.join("release/jeton"), &version()?, &target.join("debian"))?;
    console::say(&format!("{}", packed.display()));
    Ok(())
}

/// The version of the workspace.
///
/// # Errors
/// When `Cargo.toml` does not say.
pub(crate) fn version() -> Result<String> {
    let manifest = fs::read_to_string(cargo::root().join("Cargo.toml"))?;
    let manifest: toml::Table = manifest.parse()?;
    let version = manifest["workspace"]["package"]["version"].as_str();
    Ok(version.context("Cargo.toml has no version")?.to_owned())
}

/// Packs this command as a package of this version, in a folder that is emptied first.
///
/// # Errors
/// When a file cannot be written, or `dpkg-deb` refuses.
pub(crate) fn pack(binary: &Path, version: &str, folder: &Path) -> Result<PathBuf> {
    need_program("dpkg-deb", &["dpkg"])?;
    let name = folder.file_name().and_then(|name| name.to_str()).context("the folder has no name")?;
    let folder = empty_folder(folder.parent().context("the folder has no parent")?, name)?;
    let (root, deploy) = (folder.join("root"), cargo::root().join("deploy"));
    let put = |from: &Path, to: &str, mode: u32| -> Result<()> {
        let to = root.join(to);
        fs::create_dir_all(to.parent().context("a file in a folder")?)?;
        fs::copy(from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
        Ok(fs::set_permissions(&to, fs::Permissions::from_mode(mode))?)
    };
    put(binary, "usr/bin/jeton", 0o755)?;
    put(&deploy.join("systemd/jeton.service"), "usr/lib/systemd/system/jeton.service", 0o644)?;
    put(&deploy.join("debian/jeton.toml"), "etc/jeton/jeton.toml", 0o644)?;
    for license in ["LICENSE-APACHE", "LICENSE-MIT", "CHANGELOG.md"] {
        put(&cargo::root().join(license), &format!("usr/share/doc/jeton/{license}"), 0o644)?;
    }
    put(&deploy.join("debian/conffiles"), "DEBIAN/conffiles", 0o644)?;
    for script in SCRIPTS {
        put(&deploy.join("debian").join(script), &format!("DEBIAN/{script}"), 0o755)?;
    }
    manual(binary, &root.join("usr/share/man/man1"))?;
    let kibibytes = size(&root)?.div_ceil(1024).to_string();
    let architecture =
        process::output("dpkg --print-architecture", Command::new("dpkg").arg("--print-architecture"))?;
    let control = fs::read_to_string(deploy.join("debian/control"))?
        .replace("@VERSION@", version)
        .replace("@ARCHITECTURE@", architecture.trim())
        .replace("@LIBC@", &libc(binary)?)
        .replace("@SIZE@", &kibibytes);
    fs::write(root.join("DEBIAN/control"), control)?;
    let packed = folder.join(format!("jeton_{version}_{}.deb", architecture.trim()));
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--root-owner-group", "-Zgzip", "--build"]).arg(&root).arg(&packed);
    finish(pack.stdout(std::process::Stdio::null()), "dpkg-deb --build")?;
    Ok(packed)
}

/// Writes the manual pages, compressed as Debian wants them.
fn manual(binary: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    process::output("jeton man", Command::new(binary).arg("man").arg(folder))?;
    let pages = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    if pages.is_empty() {
        bail!("jeton man wrote no page");
    }
    finish(Command::new("gzip").args(["-9", "-n"]).args(pages), "gzip")
}

/// The newest version of the C library that the command asks for, or a later one.
fn libc(binary: &Path) -> Result<String> {
    need_program("objdump", &["binutils"])?;
    let symbols = process::output("objdump -T", Command::new("objdump").arg("-T").arg(binary))?;
    let versions = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let version = rest.split(|other: char| !other.is_ascii_digit() && other != '.').next()?;
        let (major, minor) = version.split_once('.')?;
        let minor = minor.split('.').next()?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    });
    let (major, minor) = versions.max().context("the command needs no C library")?;
    Ok(format!("{major}.{minor}"))
}

/// The bytes of all files of a folder.
fn size(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        sum += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(sum)
}
