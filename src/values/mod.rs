//! Values as Helm reads them.

mod value;

pub use value::{Map, Number, Value};
