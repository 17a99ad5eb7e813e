//! Templates, and what keeps secrets out of sight.

use super::*;

#[test]
fn secrets_are_kept_from_what_is_shown() {
    insta::assert_snapshot!(all(&[
        ("${MODE:-production}", "{{ secrets.store_password }}"),
        ("${MODE:-production}", "${store_password}"),
        ("{{ host.address }}/status", "{{ secrets.store_password }}@x/status"),
    ]), @r"
    secret.exposed [sample]
      roles/sample/compose.yaml: `services.web.environment.MODE`: `docker inspect` would show this secret: render it into a file with `files`
    secret.exposed [sample]
      roles/sample/compose.yaml: `services.web.environment.MODE` uses the secret `store_password`, which `docker inspect` would show
      hint: render it into a file with `files` of x-pryvctl
    secret.exposed [sample]
      roles/sample/compose.yaml: `https://{{ secrets.store_password }}@x/status` holds a secret, but plans and logs show it
    ");
}

#[test]
fn templates_that_fail_are_told_with_their_line() {
    let told = |template: &str| told(INVENTORY, catalog(COMPOSE, template, FOLLOWER));
    let cases =
        ["a\nb: {{ vars.NO }}", "{{ host.cpus }}", "{{ secrets.no }}", "{% if %}", "{{ hosts_with('cor') }}"];
    let mut all: String = cases.iter().map(|template| told(template)).collect();
    all += &told("{{ secrets.store_password | int }}");
    all += &told("{{ debug() }}");
    all += &told("{% include 'no/such.j2' %}");
    insta::assert_snapshot!(all, @r#"
    template.error [sample]
      roles/sample/compose.yaml: template `sample/web.yml.j2`, line 2: undefined value `vars.NO`
      hint: set it in the inventory, or give it a default: {{ NAME | default("...") }}
    template.error [sample]
      roles/sample/compose.yaml: template `sample/web.yml.j2`, line 1: undefined value `host.cpus`
      hint: set it in the inventory, or give it a default: {{ NAME | default("...") }}
    template.error [sample]
      roles/sample/compose.yaml: template `sample/web.yml.j2`, line 1: undefined value `secrets.no`
      hint: set it in the inventory, or give it a default: {{ NAME | default("...") }}
    template.error [sample]
      roles/sample/compose.yaml: template `sample/web.yml.j2`, line 1: syntax error: unexpected end of block `%}`
    template.error [sample]
      roles/sample/compose.yaml: template `sample/web.yml.j2`, line 1: invalid operation: there is no role `cor` `hosts_with('cor')`
    template.error [sample]
      roles/sample/compose.yaml: template `sample/web.yml.j2`, line 1: invalid operation `int`
    template.error [sample]
      roles/sample/compose.yaml: template `sample/web.yml.j2`, line 1: unknown function: debug is unknown `debug()`
    template.error [sample]
      roles/sample/compose.yaml: template `sample/web.yml.j2`, line 1: template not found: tried to include non-existing template 'no/such.j2' `include 'no/such.j2'`
    "#);
    assert!(!all.contains("s3same"));
}

#[test]
fn a_file_made_with_a_secret_is_never_shown() {
    let shown = |template: &str| {
        let catalog = catalog(COMPOSE, template, FOLLOWER).unwrap();
        let hosts = resolve(&Inventory::parse(INVENTORY).unwrap(), &catalog, &material()).unwrap();
        hosts[&"a".parse::<HostName>().unwrap()].files[1].shown
    };
    assert!(shown("plain {{ host.name }}"));
    assert!(!shown("{{ secrets.store_password }}"));
    assert!(!shown("{{ secrets['store_password'] | upper }}"));
    assert!(!shown("{% set s = secrets %}{{ s.store_password | length }}"));
    assert!(!shown("{% macro m() %}{{ secrets.store_password }}{% endmacro %}{{ m() }}"));
}

#[test]
fn secrets_cannot_be_listed() {
    let text = |template: &str| {
        let catalog = catalog(COMPOSE, template, FOLLOWER).unwrap();
        let hosts = resolve(&Inventory::parse(INVENTORY).unwrap(), &catalog, &material()).unwrap();
        hosts[&"a".parse::<HostName>().unwrap()].files[1].content.expose().to_owned()
    };
    for template in ["{{ secrets }}", "{{ secrets | tojson }}", "{{ tls }}", "{{ secrets | string }}"] {
        assert!(!text(template).contains("s3same"), "{template}");
    }
}
