//! Lines in files of bounded size and number: `<folder>/<number>.<extension>`, numbers counting up.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// A file that has reached so many bytes is followed by the next.
    pub bytes_per_file: u64,
    /// Files kept, the present one included.
    pub files: usize,
}

/// Lines in files of bounded size and number.
#[derive(Debug)]
pub struct RotatingFile {
    folder: PathBuf,
    extension: &'static str,
    bounds: Bounds,
    number: u64,
    written: u64,
    file: BufWriter<File>,
}

impl RotatingFile {
    /// Starts a new file after those that are there, and removes the oldest beyond the bound.
    ///
    /// # Errors
    /// As the file system says.
    pub fn start(folder: &Path, extension: &'static str, bounds: Bounds) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let number = numbers(folder, extension)?.last().map_or(1, |last| last + 1);
        let file = open(folder, number, extension)?;
        let started = Self { folder: folder.to_owned(), extension, bounds, number, written: 0, file };
        started.remove_oldest()?;
        Ok(started)
    }

    /// Writes a line, which must not contain a line break.
    ///
    /// # Errors
    /// As the file system says.
    pub fn line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.written >= self.bounds.bytes_per_file {
            self.file.flush()?;
            self.number += 1;
            self.file = open(&self.folder, self.number, self.extension)?;
            self.written = 0;
            self.remove_oldest()?;
        }
        self.file.write_all(line)?;
        self.file.write_all(b"\n")?;
        self.written += line.len() as u64 + 1;
        Ok(())
    }

    /// Hands everything to the operating system.
    ///
    /// # Errors
    /// As the file system says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn remove_oldest(&self) -> io::Result<()> {
        let numbers = numbers(&self.folder, self.extension)?;
        let surplus = numbers.len().saturating_sub(self.bounds.files.max(1));
        numbers.iter().take(surplus).try_for_each(|number| fs::remove_file(path(&self.folder, *number, self.extension)))
    }
}

fn path(folder: &Path, number: u64, extension: &str) -> PathBuf {
    folder.join(format!("{number:08}.{extension}"))
}

fn open(folder: &Path, number: u64, extension: &str) -> io::Result<BufWriter<File>> {
    File::options()
        .append(true)
        .create_new(true)
        .open(path(folder, number, extension))
        .map(|file| BufWriter::with_capacity(64 * 1024, file))
}

/// Numbers of the files that are there, oldest first.
fn numbers(folder: &Path, extension: &str) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number =
            name.to_str().and_then(|name| name.strip_suffix(extension)?.strip_suffix('.')?.parse::<u64>().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_number_of_files_are_bounded_and_a_restart_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let bounds = Bounds { bytes_per_file: 20, files: 3 };
        let mut file = RotatingFile::start(folder.path(), "jsonl", bounds).expect("started");
        (0..50).for_each(|number| file.line(format!("line {number}").as_bytes()).expect("written"));
        drop(file);
        let mut file = RotatingFile::start(folder.path(), "jsonl", bounds).expect("started again");
        file.line(b"after").expect("written");
        file.flush().expect("flushed");
        let kept = numbers(folder.path(), "jsonl").expect("listed");
        assert_eq!(kept.len(), 3);
        let texts: Vec<String> =
            kept.iter().map(|n| fs::read_to_string(path(folder.path(), *n, "jsonl")).expect("readable")).collect();
        assert_eq!(texts[2], "after\n");
        assert!(texts[1].ends_with("line 49\n"));
        assert!(texts.iter().all(|text| text.len() <= 28));
    }
}
