//! JSON pointers (RFC 6901): how JSON patches and JSON schemas name a place.

use super::{Path, Segment};

/// The keys of a pointer, or of a part of one, without the `/` in front.
pub fn keys(pointer: &str) -> impl Iterator<Item = String> {
    let keys = pointer.split('/');
    keys.map(|key| key.replace("~1", "/").replace("~0", "~"))
}

/// A path as a pointer; the root is the empty one.
#[must_use]
pub fn written(path: &Path) -> String {
    let mut text = String::new();
    for segment in path.segments() {
        text.push('/');
        match segment {
            Segment::Key(key) => text.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Index(index) => text.push_str(&index.to_string()),
            other => text.push_str(&Path::new(vec![other.clone()]).to_string()),
        }
    }
    text
}
