"use strict";
// The stacks of oidc-iam in JavaScript, as far as the configurations of the bench go: what the same
// Terraform costs without Python between a person and cdktf. `node main.js CONFIG.yaml` writes to
// CDKTF_OUTDIR, and the bench compares the output with ours byte for byte.

const { readFileSync } = require("fs");
const { IamOpenidConnectProvider } = require("@cdktf/provider-aws/lib/iam-openid-connect-provider");
const { IamRole } = require("@cdktf/provider-aws/lib/iam-role");
const { IamRolePolicyAttachment } = require("@cdktf/provider-aws/lib/iam-role-policy-attachment");
const { AwsProvider } = require("@cdktf/provider-aws/lib/provider");
const { ClusterRoleBindingV1 } = require("@cdktf/provider-kubernetes/lib/cluster-role-binding-v1");
const { ConfigMapV1 } = require("@cdktf/provider-kubernetes/lib/config-map-v1");
const { KubernetesProvider } = require("@cdktf/provider-kubernetes/lib/provider");
const { ServiceAccountV1 } = require("@cdktf/provider-kubernetes/lib/service-account-v1");
const { DataTlsCertificate } = require("@cdktf/provider-tls/lib/data-tls-certificate");
const { TlsProvider } = require("@cdktf/provider-tls/lib/provider");
const cdktf = require("cdktf");
const YAML = require("yaml");

const VERSIONS = JSON.parse(process.argv[3]);
const LABELS = { "app.kubernetes.io/managed-by": "oidc-iam" };
const AUDIENCE = "sts.amazonaws.com";

const stateFile = (stack) => `../../../state/${stack}.tfstate`;

class ClusterStack extends cdktf.TerraformStack {
  constructor(scope, config, kind) {
    super(scope, `${config.cluster}-${kind}`);
    this.config = config;
    new cdktf.LocalBackend(this, { path: stateFile(`${config.cluster}-${kind}`) });
  }

  allowVersions(provider) {
    this.addOverride(`terraform.required_providers.${provider}.version`, VERSIONS[provider]);
  }

  kubernetesProvider() {
    const paths = new cdktf.TerraformVariable(this, "kubeconfig_paths", {
      type: "list(string)",
      default: ["~/.kube/config"],
      description: "The kubeconfig files to look for the context in.",
    });
    new KubernetesProvider(this, "kubernetes", {
      configPaths: paths.listValue,
      configContext: this.config.kubernetes.context,
    });
    this.allowVersions("kubernetes");
  }
}

class DiscoveryStack extends ClusterStack {
  constructor(scope, config) {
    super(scope, config, "discovery");
    this.kubernetesProvider();
    new ClusterRoleBindingV1(this, "oidc-reviewer", {
      metadata: { name: "oidc-reviewer", labels: LABELS },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "system:service-account-issuer-discovery",
      },
      subject: [
        { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:unauthenticated" },
      ],
    });
  }
}

class IdentityStack extends ClusterStack {
  constructor(scope, config) {
    super(scope, config, "identity");
    new AwsProvider(this, "aws", { region: config.aws.region });
    this.allowVersions("aws");
    const provider = new IamOpenidConnectProvider(this, "cluster", {
      url: config.issuer,
      clientIdList: [AUDIENCE],
      thumbprintList: [this.thumbprint()],
    });
    const roleArns = Object.fromEntries(
      config.workloads.map((workload) => [
        `${workload.namespace}/${workload.service_account}`,
        this.role(workload, provider).arn,
      ]),
    );
    new cdktf.TerraformOutput(this, "provider_arn", {
      value: provider.arn,
      description: "The cluster's OIDC provider.",
    });
    new cdktf.TerraformOutput(this, "role_arns", {
      value: roleArns,
      description: "The role of each service account.",
    });
  }

  thumbprint() {
    new TlsProvider(this, "tls");
    this.allowVersions("tls");
    const top = new DataTlsCertificate(this, "issuer", {
      url: this.config.issuer,
      verifyChain: false,
    }).certificates.get(0);
    new cdktf.TerraformOutput(this, "thumbprint", {
      value: top.sha1Fingerprint,
      description: "SHA-1 of the certificate that is pinned.",
    });
    new cdktf.TerraformOutput(this, "thumbprint_certificate", {
      value: top.subject,
      description: "The subject of that certificate: the top of the chain that is served.",
    });
    return top.sha1Fingerprint;
  }

  role(workload, provider) {
    const name = `${workload.namespace}_${workload.service_account}`;
    const key = this.config.issuer.replace("https://", "");
    const subject = `system:serviceaccount:${workload.namespace}:${workload.service_account}`;
    const role = new IamRole(this, name, {
      name: workload.role.name,
      path: "/",
      maxSessionDuration: 3600,
      assumeRolePolicy: cdktf.Fn.jsonencode({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Federated: provider.arn },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: { StringEquals: { [`${key}:aud`]: AUDIENCE, [`${key}:sub`]: subject } },
          },
        ],
      }),
    });
    new IamRolePolicyAttachment(this, `${name}__ViewOnlyAccess`, {
      role: role.name,
      policyArn: "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
    });
    return role;
  }
}

class WorkloadsStack extends ClusterStack {
  constructor(scope, config) {
    super(scope, config, "workloads");
    this.kubernetesProvider();
    new cdktf.DataTerraformRemoteStateLocal(this, "identity", {
      path: stateFile(`${config.cluster}-identity`),
    });
    for (const { namespace, service_account: name } of config.workloads) {
      new ConfigMapV1(this, `${namespace}_${name}__environment`, {
        metadata: { name: `${name}-role`, namespace, labels: LABELS },
        data: {
          AWS_DEFAULT_REGION: config.aws.region,
          AWS_REGION: config.aws.region,
          AWS_ROLE_ARN: `\${data.terraform_remote_state.identity.outputs.role_arns["${namespace}/${name}"]}`,
          AWS_STS_REGIONAL_ENDPOINTS: "regional",
          AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/secrets/oidc-iam/serviceaccount/token",
        },
      });
      new ServiceAccountV1(this, `${namespace}_${name}`, {
        metadata: { name, namespace, labels: LABELS },
      });
    }
  }
}

const config = YAML.parse(readFileSync(process.argv[2], "utf8"));
const app = new cdktf.App();
const identity = new IdentityStack(app, config);
new DiscoveryStack(app, config);
new WorkloadsStack(app, config).addDependency(identity);
app.synth();
