//! `rec arm enroll`: the secret of the second factor, made once and shown once.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;
use qrcode::{QrCode, render::unicode};
use rand::Rng as _;
use rec_config::Sources;
use totp_rs::{Builder, Secret, Totp};

use crate::{run_main, say};

/// What an authenticator lists the desk under.
const ISSUER: &str = "REC";
/// Bytes of a secret, as RFC 4226 recommends.
const BYTES: usize = 20;

/// Options of `rec arm enroll`.
#[derive(Debug, Clone, Args)]
pub struct EnrolArgs {
    /// Take the place of the secret that is there: codes of the old one count no more.
    #[arg(long)]
    replace: bool,
}

/// Makes the secret, keeps it where trade-manager reads it, and shows it for an authenticator.
///
/// # Errors
/// When one is there already, or the file cannot be written.
pub fn enrol(args: EnrolArgs, sources: &Sources) -> anyhow::Result<ExitCode> {
    let config = run_main::load(sources)?;
    let file = &config.arming.totp_secret_file;
    let mut bytes = [0; BYTES];
    rand::rng().fill_bytes(&mut bytes);
    let totp = authenticator(&bytes, config.mode.name())?;
    write(file, &totp.secret().to_base32(), args.replace)?;
    let url = totp.to_url().context("the secret cannot be written as an address")?;
    let code = QrCode::new(&url).context("the secret cannot be drawn")?;
    say::say(&code.render::<unicode::Dense1x2>().quiet_zone(true).build());
    say::say(&url);
    say::complain(&format!(
        "It is shown this once. Scan it with an authenticator, or type the secret; {} holds it for trade-manager.",
        file.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn authenticator(bytes: &[u8], mode: &str) -> anyhow::Result<Totp> {
    let builder = Builder::new().with_secret(Secret::from(bytes.to_vec())).with_issuer(Some(ISSUER));
    builder.with_account_name(format!("desk in mode {mode}")).build().context("no second factor can be made of it")
}

/// Readable by its owner only, and never over another one by mistake.
fn write(file: &Path, secret: &str, replace: bool) -> anyhow::Result<()> {
    let folder = file.parent().context("arming.totp_secret_file names no file")?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    if replace
        && let Err(error) = std::fs::remove_file(file)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error).with_context(|| format!("cannot remove {}", file.display()));
    }
    let mut opened = match OpenOptions::new().create_new(true).write(true).mode(0o600).open(file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} holds a secret already; --replace makes a new one", file.display())
        }
        opened => opened.with_context(|| format!("cannot write {}", file.display()))?,
    };
    writeln!(opened, "{secret}").and_then(|()| opened.sync_all()).context("the secret cannot be written")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("arming/totp-secret");
        write(&file, "ONE", false).expect("written");
        assert!(write(&file, "TWO", false).expect_err("there is one").to_string().contains("--replace"));
        assert_eq!(std::fs::read_to_string(&file).expect("readable"), "ONE\n");
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        write(&file, "TWO", true).expect("replaced");
        assert_eq!(std::fs::read_to_string(&file).expect("readable"), "TWO\n");
    }

    #[test]
    fn an_authenticator_reads_mode_and_secret_off_the_address() {
        let url = authenticator(&[7; BYTES], "demo").expect("sound").to_url().expect("an address");
        assert!(url.starts_with("otpauth://totp/REC:desk%20in%20mode%20demo?secret="), "{url}");
        assert!(url.contains("issuer=REC"), "{url}");
    }
}
