//! See `targets::carriers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| refit_fuzz::hold(refit_fuzz::targets::carriers, data));
