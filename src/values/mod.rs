//! Values as Helm reads them.
