//! Extended attributes, which a file has beside its text, owner and mode; access control lists are one of them.
//!
//! A new file takes the old one's place, so it must be given them, too; what cannot be given is lost, and whoever calls
//! says so. Labels of the system's own security (`security.*`) follow the folder's rules and are not told of.

use std::{fs::File, path::Path};

/// Gives a new file the attributes of another one. `false` if one of them could not be given.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(super) fn keep(new: &File, old: &Path) -> bool {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};

    // More than the kernel lets a file have of names, and of one value (65,536 bytes each on Linux).
    const MOST: usize = 1 << 17;
    let Ok(old) = File::open(old) else {
        return true;
    };
    let mut names = vec![0u8; MOST];
    // A file system that knows none has none to lose.
    let Ok(length) = flistxattr(&old, names.as_mut_slice()) else {
        return true;
    };
    let mut kept = true;
    let mut value = vec![0u8; MOST];
    for name in names[..length].split(|byte| *byte == 0) {
        if name.is_empty() {
            continue;
        }
        let given = fgetxattr(&old, name, value.as_mut_slice())
            .and_then(|length| fsetxattr(new, name, &value[..length], XattrFlags::empty()));
        kept &= given.is_ok() || name.starts_with(b"security.");
    }
    kept
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn keep(_: &File, _: &Path) -> bool {
    true
}
