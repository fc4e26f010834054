//! The files that are measured, written by this module: the same bytes on every run.
//!
//! Each begins as an override of Arroyo 0.10.3 such as teams keep it. To grow, it gets what large values
//! files are made of: settings of other charts, as in an umbrella chart, half of them under `global`. The
//! shapes (deployments with probes and environments, routes, alert rules, dashboards as JSON in block
//! scalars) occur side by side in real files; names, numbers and comments come from a generator.

use std::fmt::Write as _;

/// A size that is measured.
#[derive(Clone, Copy)]
pub struct Size {
    /// Its name in the table.
    pub name: &'static str,
    /// How many bytes at least.
    pub bytes: usize,
}

/// From what a person writes to what no person reads.
pub const SIZES: &[Size] = &[
    Size {
        name: "3KB",
        bytes: 3_000,
    },
    Size {
        name: "300KB",
        bytes: 300_000,
    },
    Size {
        name: "10MB",
        bytes: 10_000_000,
    },
];

/// A values file of about a size.
pub fn values(bytes: usize) -> String {
    let mut file = File {
        text: String::with_capacity(bytes + 4_000),
        seed: 0x9e37_79b9_7f4a_7c15,
    };
    file.arroyo();
    if bytes > file.text.len() {
        file.others("", bytes / 2);
        file.line(0, "global:");
        file.others("  ", bytes);
    }
    file.text
}

struct File {
    text: String,
    seed: u64,
}

const WORDS: &[&str] = &[
    "billing", "orders", "search", "ledger", "gateway", "mailer", "catalog", "session", "archive",
    "metrics", "intake", "pricing", "stock", "invoice", "profile", "audit",
];

impl File {
    /// A number below `n` (xorshift: no library, no clock).
    fn below(&mut self, n: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % n
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.below(WORDS.len() as u64) as usize]
    }

    fn line(&mut self, indent: usize, line: &str) {
        let _ = writeln!(self.text, "{:indent$}{line}", "");
    }

    /// An override of Arroyo 0.10.3 with most of the keys that moved since.
    fn arroyo(&mut self) {
        self.text.push_str(ARROYO);
    }

    /// Settings of other charts, each below a key of its own, up to a size.
    fn others(&mut self, prefix: &str, bytes: usize) {
        let indent = prefix.len();
        let mut count = 0;
        while self.text.len() < bytes {
            count += 1;
            let name = format!("{}-{count}", self.word());
            match self.below(5) {
                0 | 1 => self.deployment(indent, &name),
                2 => self.routes(indent, &name),
                3 => self.rules(indent, &name),
                _ => self.dashboard(indent, &name),
            }
        }
    }

    fn deployment(&mut self, at: usize, name: &str) {
        let (replicas, port, patch) = (
            self.below(9) + 1,
            self.below(50_000) + 1_024,
            self.below(90),
        );
        let (a, b) = (self.word(), self.word());
        self.text.push('\n');
        self.line(
            at,
            &format!("# {name}: owned by the {a} team, on call in the {b} channel."),
        );
        self.line(at, &format!("{name}:"));
        self.line(at + 2, &format!("replicaCount: {replicas}"));
        self.line(at + 2, "image:");
        self.line(
            at + 4,
            &format!("repository: registry.fjord.example/{a}/{name}"),
        );
        self.line(
            at + 4,
            &format!("tag: \"2.{replicas}.{patch}\"   # bumped by the pipeline"),
        );
        self.line(at + 4, "pullPolicy: IfNotPresent");
        self.line(
            at + 2,
            "service: {type: ClusterIP, port: 80, targetPort: http}",
        );
        self.line(at + 2, "resources:");
        self.line(at + 4, "requests:");
        self.line(at + 6, &format!("cpu: {}m", patch * 10 + 50));
        self.line(at + 6, &format!("memory: {}Mi", patch * 16 + 64));
        self.line(at + 4, "limits:");
        self.line(at + 6, &format!("memory: {}Mi", patch * 32 + 64));
        self.line(at + 2, "livenessProbe:");
        self.line(
            at + 4,
            &format!("httpGet: {{path: /healthz, port: {port}}}"),
        );
        self.line(at + 4, "initialDelaySeconds: 10");
        self.line(at + 4, "periodSeconds: 15");
        self.line(at + 2, "env:");
        for _ in 0..self.below(8) + 2 {
            let (x, y, n) = (self.word(), self.word(), self.below(100_000));
            self.line(
                at + 4,
                &format!("- name: {}_{}_{n}", x.to_uppercase(), y.to_uppercase()),
            );
            match n % 4 {
                0 => self.line(at + 6, &format!("value: \"{n}\"")),
                1 => self.line(at + 6, &format!("value: 'http://{x}.{y}.svc:{port}/v1'")),
                2 => {
                    self.line(at + 6, "valueFrom:");
                    self.line(at + 8, "secretKeyRef:");
                    self.line(at + 10, &format!("name: {x}-{y}"));
                    self.line(at + 10, &format!("key: {y}"));
                }
                _ => self.line(at + 6, &format!("value: {x}.{y}")),
            }
        }
        let password = (self.below(u64::MAX), self.below(u64::MAX));
        self.line(at + 2, "auth:");
        self.line(at + 4, &format!("username: {b}"));
        self.line(
            at + 4,
            &format!("password: {:x}{:x}", password.0, password.1),
        );
        self.line(at + 2, "nodeSelector: {}");
        self.line(at + 2, "tolerations: []");
        self.line(at + 2, "affinity:");
        self.line(at + 4, "podAntiAffinity:");
        self.line(at + 6, "preferredDuringSchedulingIgnoredDuringExecution:");
        self.line(at + 6, "- weight: 100");
        self.line(at + 6, "  podAffinityTerm:");
        self.line(at + 6, "    topologyKey: kubernetes.io/hostname");
    }

    fn routes(&mut self, at: usize, name: &str) {
        let team = self.word();
        self.line(at, &format!("{name}:"));
        self.line(at + 2, "ingress:");
        self.line(at + 4, "enabled: true");
        self.line(at + 4, "annotations:");
        self.line(at + 6, "nginx.ingress.kubernetes.io/proxy-body-size: 32m");
        self.line(
            at + 6,
            "nginx.ingress.kubernetes.io/proxy-read-timeout: \"120\"",
        );
        self.line(at + 4, "hosts:");
        for _ in 0..self.below(6) + 1 {
            let (host, path) = (self.word(), self.word());
            self.line(at + 4, &format!("- host: {host}.{team}.fjord.example"));
            self.line(at + 6, "paths:");
            self.line(at + 6, &format!("- path: /{path}"));
            self.line(at + 6, "  pathType: Prefix");
        }
        self.line(at + 4, "tls:");
        self.line(at + 4, &format!("  - secretName: {name}-tls"));
        self.line(
            at + 4,
            &format!("    hosts: [{team}.fjord.example, \"*.{team}.fjord.example\"]"),
        );
        self.text.push('\n');
    }

    fn rules(&mut self, at: usize, name: &str) {
        self.line(at, &format!("# --- {name} {}", "-".repeat(60)));
        self.line(at, &format!("{name}:"));
        self.line(at + 2, "rules:");
        for _ in 0..self.below(8) + 2 {
            let (word, n) = (self.word(), self.below(900));
            self.line(at + 4, &format!("# raised {n} times last year"));
            self.line(at + 4, &format!("- alert: {word}TooSlow{n}"));
            self.line(at + 6, "expr: >-");
            self.line(
                at + 8,
                &format!("histogram_quantile(0.99, sum(rate({word}_seconds_bucket[5m])) by (le))"),
            );
            self.line(at + 8, &format!("> {n}"));
            self.line(at + 6, "for: 10m");
            self.line(at + 6, "labels:");
            self.line(at + 8, "severity: page");
            self.line(at + 6, "annotations:");
            self.line(
                at + 8,
                &format!("summary: \"{word} answers slowly on {{{{ $labels.instance }}}}\""),
            );
        }
    }

    fn dashboard(&mut self, at: usize, name: &str) {
        self.line(at, &format!("{name}:"));
        self.line(at + 2, "dashboards:");
        self.line(at + 4, &format!("{name}.json: |"));
        self.line(at + 6, "{");
        self.line(at + 6, "  \"panels\": [");
        for _ in 0..self.below(10) + 2 {
            let (word, n) = (self.word(), self.below(24));
            self.line(at + 6, &format!("    {{\"title\": \"{word}\", \"type\": \"timeseries\", \"gridPos\": {{\"h\": 8, \"w\": {n}}}}},"));
        }
        self.line(at + 6, "    {}");
        self.line(at + 6, "  ]");
        self.line(at + 6, "}");
    }
}

const ARROYO: &str = r#"# Arroyo for the streams team, chart 0.10.3.
# Reviewed every quarter; ask in the streams channel before changing URLs.

nameOverride: ""
fullnameOverride: streams-arroyo

imagePullSecrets:
  - name: fjord-registry

# Both images come through the mirror: the cluster has no way out.
controller:
  replicas: 1
  image:
    repository: registry.fjord.example/mirror/arroyosystems/arroyo
    tag: "0.10.3"        # keep equal to the one of the workers
    pullPolicy: IfNotPresent
  resources:
    requests:
      cpu: 500m
      memory: 1Gi
    limits:
      memory: 2Gi
  service:
    httpPort: 80
    grpcPort: 9190
    adminPort: 9191
  nodeSelector:
    pool: control

worker:
  image:
    repository: registry.fjord.example/mirror/arroyosystems/arroyo
    tag: "0.10.3"
    pullPolicy: IfNotPresent
  # Half a node each.
  slots: 8
  resources:
    requests:
      cpu: 3200m
      memory: 6Gi     # the session windows of the click stream
    limits:
      memory: 8Gi

tolerations:
  - key: streams
    operator: Exists
    effect: NoSchedule

# --- state
artifactUrl: s3://fjord-arroyo/artifacts
checkpointUrl: s3://fjord-arroyo/checkpoints
s3:
  region: eu-north-1

serviceAccount:
  create: true
  name: arroyo
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::123412341234:role/arroyo-streams

# --- database: managed, not in the cluster
postgresql:
  deploy: false
  externalDatabase:
    host: arroyo-db.fjord.example
    port: 5432
    name: arroyo
    user: arroyo
    password: set-by-the-pipeline

# --- metrics
prometheus:
  deploy: false          # there is one for the whole cluster
  endpoint: http://prometheus.monitoring.svc:9090
  queryRate: "60s"
  setAnnotations: true

existingConfigMap: ""
volumes:
  - name: scratch
    emptyDir: {sizeLimit: 20Gi}
  - name: certificates
    secret: {secretName: 'arroyo-certificates', defaultMode: 0444}

podAnnotations:
  cost-centre: "4711"
  sidecar.istio.io/inject: "false"

podSecurityContext:
  fsGroup: 1000
  runAsNonRoot: true

affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        - matchExpressions:
            - {key: kubernetes.io/arch, operator: In, values: [amd64]}
volumeMounts:
  - name: scratch
    mountPath: /scratch
  - name: certificates
    mountPath: /etc/arroyo/tls
"#;
