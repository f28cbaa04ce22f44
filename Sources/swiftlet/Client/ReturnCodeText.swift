import MQTTSN
import SensorClient

/// The return codes of MQTT-SN in words, with what may be done (MQTT-SN 1.2 §5.3.10).
enum ReturnCodeText {
    static func sentence(_ code: ReturnCode, to exchange: ClientExchange) -> String {
        switch code {
        case .accepted: "accepted"
        case .congestion:
            exchange == .connect || exchange == .willTopic || exchange == .willMessage
                ? "congestion (1): it has no broker, or no room for another client; try again later"
                : "congestion (1): try again later"
        case .invalidTopicID: "invalid topic id (2): is the pre-defined id configured there?"
        case .notSupported:
            exchange == .connect
                ? "not supported (3): it or its broker does not take this ClientId; its log tells why"
                : "not supported (3): it or its broker does not allow this; its log tells why"
        default: "code \(code.rawValue), which MQTT-SN 1.2 does not have"
        }
    }

    static func status(_ code: ReturnCode) -> ExitStatus {
        switch code {
        case .congestion: .temporaryFailure
        case .accepted, .invalidTopicID, .notSupported: .unavailable
        default: .protocolError
        }
    }
}
