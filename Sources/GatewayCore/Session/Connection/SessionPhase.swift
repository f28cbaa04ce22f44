/// Where a session stands (MQTT-SN 1.2 §6.14); what a CONNECT in progress has come to is in `SetUp`, which runs beside.
enum SessionPhase: Equatable, Sendable {
    /// The client has no connection yet, or no longer: its CONNECT is being carried out.
    case connecting
    case active
    case asleep
    /// Between the PINGREQ of an asleep client and the PINGRESP.
    case awake
    /// Not connected, remembered because CleanSession was 0.
    case disconnected
    /// Not connected and not remembered: the place is about to be emptied.
    case over

    /// Whether the client may send what needs a connection.
    var isConnected: Bool {
        switch self {
        case .active, .asleep, .awake: true
        case .connecting, .disconnected, .over: false
        }
    }

    /// Whether there is nothing yet but a CONNECT that is being carried out.
    var isSettingUp: Bool { self == .connecting }

    /// Whether messages from the broker may be sent to the client.
    var isListening: Bool {
        switch self {
        case .active, .awake: true
        case .connecting, .asleep, .disconnected, .over: false
        }
    }

    /// Whether the client is in a sleep cycle.
    var isSleeping: Bool { self == .asleep || self == .awake }
}
