//! Words of an inventory whose type in Rust says less than what is accepted.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A word whose text counts as written: `1.10`, `yes` and `0123` stay what they are.
pub struct Text;

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

/// A network of either family, as in `192.0.2.0/24`.
pub struct Network;

impl JsonSchema for Network {
    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "network", "pattern": "^[0-9a-fA-F.:]+/[0-9]{1,3}$" })
    }
}

/// An IPv4 network, as in `172.28.0.0/16`.
pub struct Network4;

impl JsonSchema for Network4 {
    fn schema_name() -> Cow<'static, str> {
        "Network4".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "network4", "pattern": "^[0-9.]+/[0-9]{1,2}$" })
    }
}

/// An IP address and a port, as in `127.0.0.1:9464`.
pub struct Socket;

impl JsonSchema for Socket {
    fn schema_name() -> Cow<'static, str> {
        "Socket".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "socket", "pattern": "^.+:[0-9]{1,5}$" })
    }
}

/// A level of hardening.
pub struct Level;

impl JsonSchema for Level {
    fn schema_name() -> Cow<'static, str> {
        "Level".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "format": "level", "minimum": 1, "maximum": 2 })
    }
}

/// A TCP or UDP port.
pub struct Port;

impl JsonSchema for Port {
    fn schema_name() -> Cow<'static, str> {
        "Port".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "format": "port", "minimum": 1, "maximum": 65535 })
    }
}

/// A time span, as in `90s`, `15m` or `1h30m`.
pub struct Period;

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "period", "pattern": "^([0-9]+(h|m|s|ms))+$" })
    }
}

/// A number that may have a fraction.
pub struct Figure;

impl JsonSchema for Figure {
    fn schema_name() -> Cow<'static, str> {
        "Figure".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "format": "figure" })
    }
}

/// A day, as in `2027-01-31`, or a moment, as in `2027-01-31T18:00:00Z`.
pub struct Moment;

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "moment", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$" })
    }
}
