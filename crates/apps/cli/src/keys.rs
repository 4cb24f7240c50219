//! The keys between a desk and its twin: made once, kept beside the state as the exchange's own would be.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use anyhow::Context as _;
use rec_config::Config;
use rec_domain::Mode;
use rec_twin::server::{ApiKey, Scope};

/// Whether the keys of the exchange can be read, where the exchange is not a twin that makes them.
///
/// # Errors
/// Names the first that cannot, and where its place is set.
pub fn check(config: &Config) -> anyhow::Result<()> {
    if matches!(config.mode, Mode::Twin | Mode::Paper) {
        return Ok(());
    }
    for key in [&config.exchange.read, &config.exchange.write, &config.exchange.guard] {
        key.read().with_context(|| format!("mode {} needs three keys of the exchange", config.mode))?;
    }
    Ok(())
}

/// The three keys of a desk by the names of their files, with what each may do, and the operator's own, which no desk
/// reads: money is moved with it.
const KEYS: [(&str, Scope); 4] =
    [("read", Scope::Read), ("write", Scope::Trade), ("guard", Scope::Trade), ("operator", Scope::Write)];

/// The keys in `folder` as the twin has to know them; those that are missing are made.
///
/// # Errors
/// When a file cannot be read or written, or holds no key.
pub fn of_twin(folder: &Path) -> anyhow::Result<Vec<ApiKey>> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    KEYS.into_iter().map(|(name, scope)| key(folder, name, scope)).collect()
}

fn key(folder: &Path, name: &str, scope: Scope) -> anyhow::Result<ApiKey> {
    let (pem_file, id_file) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.id")));
    if pem_file.exists() && id_file.exists() {
        let read =
            |file: &Path| std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
        return ApiKey::from_private_pem(read(&id_file)?.trim(), scope, &read(&pem_file)?).with_context(|| {
            format!("{} cannot be used; remove it, and a new key between desk and twin is made", pem_file.display())
        });
    }
    let id = uuid::Uuid::new_v4().to_string();
    let (key, pem) = ApiKey::generate_ed25519(id.clone(), scope)?;
    write(&pem_file, pem.expose())?;
    write(&id_file, &id)?;
    Ok(key)
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let mut opened = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    opened.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))
}
