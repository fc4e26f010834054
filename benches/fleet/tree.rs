//! The tree that is measured: what a GitOps repository of many teams looks like, the same bytes on every run.
//!
//! Each team has a folder with every kind of manifest that refit reads, the values files that some of them
//! name, and beside them what has nothing to do with refit: other charts, other manifests, and values that
//! nobody claims. About one release in fifty asks a question, so that a run is not one of good files only.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// The files of one team.
pub const PER_TEAM: usize = 20;

const REPOSITORY: &str = "https://arroyosystems.github.io/helm-repo";

/// Writes a tree of about so many files; gives their number and their bytes.
pub fn make(root: &Path, files: usize) -> io::Result<(usize, u64)> {
    let mut made = Made {
        root: root.to_owned(),
        files: 0,
        bytes: 0,
    };
    for number in 0..files.div_ceil(PER_TEAM) {
        Team { number }.write(&mut made)?;
    }
    Ok((made.files, made.bytes))
}

struct Made {
    root: PathBuf,
    files: usize,
    bytes: u64,
}

impl Made {
    fn file(&mut self, name: &str, text: &str) -> io::Result<()> {
        let path = self.root.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
        self.files += 1;
        self.bytes += text.len() as u64;
        Ok(())
    }
}

/// An override of Arroyo 0.10.3, a little different for each number.
pub fn values(number: usize) -> String {
    // The workers of some run an image of their own: only a person can say what runs now.
    let own = if number % 50 == 7 { "-patched" } else { "" };
    let slots = 2 + number % 7;
    let memory = 1 + number % 5;
    format!(
        "\
# Arroyo of team {number}, see https://wiki.fjord.example/teams/{number}
imagePullSecrets:
  - name: fjord-registry

controller:
  replicas: 1
  image:
    repository: registry.fjord.example/mirror/arroyo
    tag: \"0.10.3\"
  resources:
    requests:
      cpu: 500m
      memory: {memory}Gi     # measured in spring

worker:
  image:
    repository: registry.fjord.example/mirror/arroyo
    tag: \"0.10.3{own}\"
  slots: {slots}

# --- state
artifactUrl: s3://fjord-arroyo/{number}/artifacts
checkpointUrl: s3://fjord-arroyo/{number}/checkpoints

postgresql:
  deploy: false
  externalDatabase:
    host: db-{number}.fjord.example
    user: arroyo
    password: set-by-the-pipeline-{number}

prometheus:
  deploy: false          # one for the whole cluster
  endpoint: http://prometheus.monitoring.svc:9090

serviceAccount:
  create: true
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::123412341234:role/team-{number}
"
    )
}

/// A text with every line that is not empty moved to the right.
fn indented(text: &str, by: usize) -> String {
    let mut moved = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        if line.is_empty() {
            moved.push('\n');
        } else {
            let _ = writeln!(moved, "{:by$}{line}", "");
        }
    }
    moved
}

struct Team {
    number: usize,
}

impl Team {
    fn write(&self, made: &mut Made) -> io::Result<()> {
        let n = self.number;
        let team = format!("teams/{n:04}");
        // Not every release of a team has the same settings.
        let values = |of: usize| values(n * 10 + of);
        let mut file = |name: &str, text: &str| made.file(&format!("{team}/{name}"), text);

        file(
            "apps/map.yaml",
            &self.application(
                "map",
                &format!("valuesObject:\n{}", indented(&values(0), 2)),
            ),
        )?;
        file(
            "apps/text.yaml",
            &self.application("text", &format!("values: |\n{}", indented(&values(1), 2))),
        )?;
        file(
            "apps/parameters.yaml",
            &self.application("parameters", PARAMETERS),
        )?;
        file("apps/files.yaml", &self.application_with_file())?;
        file("values/arroyo.yaml", &values(2))?;
        file("flux/release.yaml", &self.flux(&values(3)))?;
        file("helmfile/helmfile.yaml", &self.helmfile())?;
        file("helmfile/arroyo.yaml", &values(4))?;
        file("kustomize/kustomization.yaml", &self.kustomization())?;
        file("kustomize/values.yaml", &values(5))?;
        file("fleet/fleet.yaml", &self.fleet(&values(6)))?;
        file("k3s/arroyo.yaml", &self.k3s(&values(7)))?;
        file("umbrella/Chart.yaml", &self.umbrella())?;
        file(
            "umbrella/values.yaml",
            &format!("replicas: 2\n\narroyo:\n{}", indented(&values(9), 2)),
        )?;

        file("apps/ingress.yaml", &self.other_chart())?;
        file("deploy/api.yaml", &self.deployment())?;
        file("deploy/settings.yaml", &self.settings())?;
        file("values/ingress.yaml", INGRESS)?;
        file("values/old-arroyo.yaml", &values(1))?;
        file("apps/umbrella.yaml", &self.deployed())
    }

    fn application(&self, kind: &str, helm: &str) -> String {
        let n = self.number;
        format!(
            "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: streams-{kind}-{n}
  namespace: argocd
spec:
  project: team-{n}
  destination: {{server: https://kubernetes.default.svc, namespace: team-{n}}}
  source:
    repoURL: {REPOSITORY}
    chart: arroyo
    targetRevision: 0.10.3
    helm:
{}  syncPolicy:
    automated: {{prune: true}}
",
            indented(helm, 6)
        )
    }

    fn application_with_file(&self) -> String {
        let n = self.number;
        format!(
            "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: streams-files-{n}, namespace: argocd}}
spec:
  project: team-{n}
  destination: {{server: https://kubernetes.default.svc, namespace: team-{n}}}
  sources:
    - repoURL: {REPOSITORY}
      chart: arroyo
      targetRevision: 0.10.3
      helm:
        valueFiles:
          - $env/teams/{n:04}/values/arroyo.yaml
    - repoURL: https://git.fjord.example/env.git
      targetRevision: main
      ref: env
"
        )
    }

    fn flux(&self, values: &str) -> String {
        let n = self.number;
        format!(
            "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {{name: arroyo-{n}, namespace: team-{n}}}
spec:
  interval: 1h
  url: {REPOSITORY}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: streams-flux-{n}, namespace: team-{n}}}
spec:
  interval: 10m
  chart:
    spec:
      chart: arroyo
      version: 0.10.3
      sourceRef: {{kind: HelmRepository, name: arroyo-{n}}}
  values:
{}",
            indented(values, 4)
        )
    }

    fn helmfile(&self) -> String {
        let n = self.number;
        format!(
            "\
repositories:
  - name: arroyo
    url: {REPOSITORY}

releases:
  - name: streams-helmfile-{n}
    namespace: team-{n}
    chart: arroyo/arroyo
    version: 0.10.3
    values:
      - arroyo.yaml
"
        )
    }

    fn kustomization(&self) -> String {
        let n = self.number;
        format!(
            "\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: team-{n}
helmCharts:
  - name: arroyo
    repo: {REPOSITORY}
    version: 0.10.3
    releaseName: streams-kustomize-{n}
    valuesFile: values.yaml
"
        )
    }

    fn fleet(&self, values: &str) -> String {
        let n = self.number;
        format!(
            "\
defaultNamespace: team-{n}
helm:
  releaseName: streams-fleet-{n}
  repo: {REPOSITORY}
  chart: arroyo
  version: 0.10.3
  values:
{}",
            indented(values, 4)
        )
    }

    fn k3s(&self, values: &str) -> String {
        let n = self.number;
        format!(
            "\
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata: {{name: streams-k3s-{n}, namespace: kube-system}}
spec:
  repo: {REPOSITORY}
  chart: arroyo
  version: 0.10.3
  targetNamespace: team-{n}
  valuesContent: |-
{}",
            indented(values, 4)
        )
    }

    fn umbrella(&self) -> String {
        let n = self.number;
        format!(
            "\
apiVersion: v2
name: team-{n}
version: 1.4.{n}
dependencies:
  - name: arroyo
    version: 0.10.3
    repository: {REPOSITORY}
"
        )
    }

    fn other_chart(&self) -> String {
        let n = self.number;
        format!(
            "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: ingress-{n}, namespace: argocd}}
spec:
  project: team-{n}
  source:
    repoURL: https://charts.fjord.example
    chart: ingress-nginx
    targetRevision: 4.11.3
    helm:
      valuesObject:
{}",
            indented(INGRESS, 8)
        )
    }

    fn deployment(&self) -> String {
        let n = self.number;
        let mut text = format!(
            "\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: api-{n}, namespace: team-{n}}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: api-{n}}}}}
  template:
    metadata: {{labels: {{app: api-{n}}}}}
    spec:
      containers:
        - name: api
          image: registry.fjord.example/team-{n}/api:2.{n}.0
          env:
"
        );
        for number in 0..12 {
            let _ = write!(
                text,
                "            - name: SETTING_{number}\n              value: \"{number}\"\n"
            );
        }
        text.push_str(
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {ports: [{port: 80}]}\n",
        );
        text
    }

    fn settings(&self) -> String {
        let n = self.number;
        format!(
            "\
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, namespace: team-{n}}}
data:
  settings.toml: |
    [server]
    port = 8080
    name = \"team-{n}\"
"
        )
    }

    /// The umbrella chart is deployed from the repository itself.
    fn deployed(&self) -> String {
        let n = self.number;
        format!(
            "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: streams-umbrella-{n}, namespace: argocd}}
spec:
  project: team-{n}
  destination: {{server: https://kubernetes.default.svc, namespace: team-{n}}}
  source:
    repoURL: https://git.fjord.example/env.git
    path: teams/{n:04}/umbrella
    targetRevision: main
"
        )
    }
}

const PARAMETERS: &str = "\
parameters:
  - name: controller.image.repository
    value: registry.fjord.example/mirror/arroyo
  - name: worker.image.repository
    value: registry.fjord.example/mirror/arroyo
  - name: worker.slots
    value: \"4\"
  - name: postgresql.deploy
    value: \"false\"
  - name: artifactUrl
    value: s3://fjord-arroyo/artifacts
  - name: checkpointUrl
    value: s3://fjord-arroyo/checkpoints
";

const INGRESS: &str = "\
controller:
  image:
    registry: registry.fjord.example
    tag: v1.11.3
  replicaCount: 2
  service:
    type: LoadBalancer
    annotations:
      service.beta.kubernetes.io/aws-load-balancer-type: nlb
  metrics: {enabled: true}
";
