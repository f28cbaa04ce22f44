// Wraps the codec's borrowed bytes, which cannot stand inside an expectation.

import Bytes
import MQTT
import Testing

func decode(_ frame: [UInt8]) throws(PacketError) -> Packet {
    try Packet.decode(frame.span.bytes)
}

/// What decoding `frame` throws, or nil when it is accepted.
func decodeError(_ frame: [UInt8]) -> PacketError? {
    do throws(PacketError) {
        _ = try decode(frame)
        return nil
    } catch {
        return error
    }
}

func encode(_ packet: Packet, from source: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendPacket(packet, from: source.span.bytes)
    return bytes
}

extension Packet {
    /// Every range in the packet.
    var ranges: [Range<Int>] {
        switch self {
        case .connect(let connect):
            [connect.clientID, connect.will?.topic, connect.will?.payload, connect.username, connect.password]
                .compactMap { $0 }
        case .publish(let publish): [publish.topicName, publish.payload]
        case .subscribe(let subscribe): [subscribe.filters]
        case .subscribeAcknowledgement(let answer): [answer.returnCodes]
        case .unsubscribe(let unsubscribe): [unsubscribe.filters]
        case .connectAcknowledgement, .publishAcknowledgement, .publishReceived, .publishRelease, .publishComplete,
            .unsubscribeAcknowledgement, .pingRequest, .pingResponse, .disconnect, .authentication:
            []
        }
    }
}
