// SPDX-License-Identifier: MIT
//! The crate's values as JSON.
use chrono::{DateTime, Utc};
use frequenz_microgrid::client::proto::common::metrics as pb_metrics;
use frequenz_microgrid::client::proto::common::microgrid::electrical_components as pb;
use frequenz_microgrid::quantity::{Current, Frequency, Power, Quantity, ReactivePower, Voltage};
use frequenz_microgrid::{BatteryPoolSnapshot, Bounds, ComponentHealthPartition, Sample};
use pb_metrics::metric_value_variant::MetricValueVariant;
use serde_json::{Value, json};

/// The number in a quantity's unit.
pub trait Plain: Quantity {
    fn plain(self) -> f32;
}

macro_rules! plain {
    ($($quantity:ident $getter:ident),+) => {
        $(impl Plain for $quantity {
            fn plain(self) -> f32 {
                self.$getter()
            }
        })+
    };
}

plain!(
    Power as_watts,
    ReactivePower as_volt_amperes_reactive,
    Current as_amperes,
    Voltage as_volts,
    Frequency as_hertz
);

pub fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp() as f64 + f64::from(time.timestamp_subsec_nanos()) / 1e9
}

pub fn component(one: &pb::ElectricalComponent) -> Value {
    let category = pb::ElectricalComponentCategory::try_from(one.category);
    let mode = pb::ElectricalComponentOperationalMode::try_from(one.operational_mode);
    json!({
        "id": one.id,
        "name": one.name,
        "category": category.map_or("?", |category| category.as_str_name()),
        "mode": mode.map_or("?", |mode| mode.as_str_name()),
    })
}

pub fn connection(one: &pb::ElectricalComponentConnection) -> Value {
    json!([one.source_electrical_component_id, one.destination_electrical_component_id])
}

pub fn telemetry(data: pb::ElectricalComponentTelemetry) -> Value {
    let (mut values, mut bounds) = (json!({}), json!({}));
    for one in &data.metric_samples {
        let name = pb_metrics::Metric::try_from(one.metric).map_or("?", |metric| metric.as_str_name());
        let variant = one.value.as_ref().and_then(|value| value.metric_value_variant.as_ref());
        if let Some(MetricValueVariant::SimpleMetric(simple)) = variant {
            values[name] = json!(simple.value);
        }
        if !one.bounds.is_empty() {
            bounds[name] = one.bounds.iter().map(|range| json!([range.lower, range.upper])).collect();
        }
    }
    let snapshot = data.state_snapshots.first();
    let at = snapshot.and_then(|snapshot| snapshot.origin_time);
    let states = snapshot.map_or(&[][..], |snapshot| &snapshot.states);
    let state = |code: &i32| {
        pb::ElectricalComponentStateCode::try_from(*code).map_or("?", |state| state.as_str_name())
    };
    json!({
        "at": at.map(|at| at.seconds as f64 + f64::from(at.nanos) / 1e9),
        "values": values,
        "bounds": bounds,
        "states": states.iter().map(state).collect::<Value>(),
    })
}

pub fn sample<Q: Plain>(one: Sample<Q>) -> Value {
    json!({ "at": seconds(one.timestamp()), "value": one.value().map(Plain::plain) })
}

pub fn bounds(ranges: Vec<Bounds<Power>>) -> Value {
    let pair = |one: &Bounds<Power>| json!([one.lower().map(Plain::plain), one.upper().map(Plain::plain)]);
    json!({ "bounds": ranges.iter().map(pair).collect::<Value>() })
}

pub fn health(of: &ComponentHealthPartition) -> Value {
    json!({
        "healthy": of.healthy.keys().copied().collect::<Value>(),
        "unhealthy": of.unhealthy.keys().copied().collect::<Value>(),
    })
}

pub fn battery_health(pool: BatteryPoolSnapshot) -> Value {
    let mut groups = vec![];
    for group in pool.groups().values() {
        groups.push(json!({ "inverters": health(&group.inverters), "batteries": health(&group.batteries) }));
    }
    json!({ "groups": groups })
}
