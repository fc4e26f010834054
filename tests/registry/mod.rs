//! Charts over HTTP, on the loopback interface: a chart repository with an `index.yaml`, and an OCI registry.
//!
//! Only what `helm pull` asks for, by the rules of Helm's chart repositories and of the OCI distribution
//! specification: there is nothing to be pushed.
#![allow(dead_code, reason = "each test uses a part")]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::Arc,
    thread,
};

use sha2::{Digest as _, Sha256};

/// A server that runs until the tests end.
pub struct Registry {
    address: String,
    /// By the names of the archives: the digests of their manifests.
    digests: BTreeMap<String, String>,
}

impl Registry {
    /// Serves these charts, packed by this Helm, each under its name and in its version.
    pub fn of(helm: &crate::support::helm::Helm, home: &Path, charts: &[&Path]) -> Self {
        let folder = home.join("packed");
        let run = |command: &mut Command| {
            let output = command.output().unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        let mut package = helm.command(home);
        run(package.arg("package").args(charts).arg("-d").arg(&folder));
        run(helm.command(home).args(["repo", "index"]).arg(&folder));

        let mut pages = BTreeMap::new();
        let mut digests = BTreeMap::new();
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let bytes = fs::read(&path).unwrap();
            if let Some((chart, version)) = name
                .strip_suffix(".tgz")
                .and_then(|stem| stem.split_once('-'))
            {
                let mut blob = |media: &str, bytes: Vec<u8>| {
                    let digest = digest(&bytes);
                    let described = serde_json::json!({
                        "mediaType": media, "digest": digest, "size": bytes.len(),
                    });
                    pages.insert(format!("/v2/charts/{chart}/blobs/{digest}"), bytes);
                    described
                };
                let config = serde_json::json!({"name": chart, "version": version});
                let config = blob(
                    "application/vnd.cncf.helm.config.v1+json",
                    config.to_string().into_bytes(),
                );
                let layer = blob(
                    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                    bytes.clone(),
                );
                let manifest = serde_json::json!({
                    "schemaVersion": 2,
                    "mediaType": MANIFEST,
                    "config": config,
                    "layers": [layer],
                })
                .to_string()
                .into_bytes();
                let at = |name: &str| format!("/v2/charts/{chart}/manifests/{name}");
                let pinned = digest(&manifest);
                pages.insert(at(&pinned), manifest.clone());
                digests.insert(name.clone(), pinned);
                pages.insert(at(version), manifest);
            }
            pages.insert(format!("/{name}"), bytes);
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let pages = Arc::new(pages);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let pages = Arc::clone(&pages);
                thread::spawn(move || answer(&stream, &pages));
            }
        });
        Self { address, digests }
    }

    /// The chart repository.
    pub fn repository(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The chart `arroyo` in the OCI registry.
    pub fn reference(&self) -> String {
        format!("oci://{}/charts/arroyo", self.address)
    }

    /// A chart in the OCI registry, in a version, by its digest.
    pub fn pinned(&self, chart: &str, version: &str) -> String {
        let digest = &self.digests[&format!("{chart}-{version}.tgz")];
        format!("oci://{}/charts/{chart}@{digest}", self.address)
    }
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hash}")
}

/// One request a connection.
fn answer(mut stream: &TcpStream, pages: &BTreeMap<String, Vec<u8>>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    let mut words = request.split(' ');
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let (status, body) = match pages.get(path) {
        Some(body) => ("200 OK", body.as_slice()),
        None => ("404 Not Found", b"{}".as_slice()),
    };
    let media = if path.contains("/manifests/") {
        MANIFEST
    } else {
        "application/octet-stream"
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {}\r\nDocker-Content-Digest: {}\r\nConnection: close\r\n\r\n",
        body.len(),
        digest(body)
    );
    let body = if method == Some("HEAD") { b"" } else { body };
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}
