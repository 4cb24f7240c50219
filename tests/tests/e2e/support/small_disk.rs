//! A disk that can be filled, or that cannot be written: a file system in memory, mounted where we are root.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

/// The file system; gone with this value.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// One of so many megabytes at a folder, which is made; none, said aloud, where we may not mount.
    pub(crate) fn at(folder: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("our own folder");
        // Postgres runs as another user when we are root, and has to pass through.
        Self::mount(folder, &format!("size={megabytes}m,mode=0711"))
    }

    /// One that cannot be written.
    pub(crate) fn read_only(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("our own folder");
        Self::mount(folder, "ro,size=1m,mode=0755")
    }

    fn mount(folder: &Path, options: &str) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { at: folder.to_owned() }),
            Ok(output) => skipped(String::from_utf8_lossy(&output.stderr).trim()),
            Err(error) => skipped(&error.to_string()),
        }
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }

    /// Leaves not a byte.
    pub(crate) fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.filler()).expect("there is room for a name");
        for size in [1 << 20, 4 << 10] {
            let zeros = vec![0; size];
            while file.write_all(&zeros).is_ok() {}
        }
    }

    /// Gives the room back.
    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("it was filled");
    }
}

/// Who is not root cannot mount: this is no missing tool.
fn skipped<T>(why: &str) -> Option<T> {
    eprintln!("SKIPPED: a file system cannot be mounted here: {why}");
    None
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever still writes there ends after this.
        let _gone_already = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}
