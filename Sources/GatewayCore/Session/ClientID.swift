/// A client's name, unique at the broker (MQTT-SN 1.2 §5.3.1).
struct ClientID: Hashable, Sendable {
    var bytes: [UInt8]
}
