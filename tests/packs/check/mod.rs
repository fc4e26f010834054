//! What `refit pack check` finds: mistakes put into good packs one at a time, and what good packs may do.

mod allowed;
mod mistakes;
mod output;

use std::{
    fs,
    path::{Path, PathBuf},
};

use refit::pack::check::{Checked, check_folder};
use tempfile::TempDir;

/// A folder with a good pack.
fn good(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    match name {
        "demo" => root.join("tests/packs/check/good"),
        built_in => root.join("migrations").join(built_in),
    }
}

/// A copy of a pack to make mistakes in.
struct Copy(TempDir);

impl Copy {
    fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(good(name)).unwrap() {
            let file = entry.unwrap();
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).unwrap();
    }

    /// Puts a text in the place of another, which must be there once.
    fn replace(&self, file: &str, old: &str, new: &str) {
        let text = self.read(file);
        assert_eq!(text.matches(old).count(), 1, "{file}: {old:?}");
        self.write(file, &text.replace(old, new));
    }

    fn check(&self) -> Checked {
        check_folder(self.path()).unwrap()
    }
}
