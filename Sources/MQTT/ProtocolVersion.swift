/// The version of MQTT that a connection speaks; its raw value is the Protocol Level octet (MQTT 3.1.1 §3.1.2.2).
///
/// The codec's entry points take it and switch over it where a later version's layout differs, so that adding a case
/// makes the compiler list those places.
package enum ProtocolVersion: UInt8, Equatable, Hashable, Sendable {
    case v311 = 4
}
