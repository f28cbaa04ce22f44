import Bytes
import MQTT
import MQTTSN

/// Where the content of an application message begins in what carries it, so that it can be left out.
enum Payload {
    /// Where the payload of a PUBLISH or the text of a Will begins in a datagram; its end where it has none. A datagram
    /// that is none of MQTT-SN is all payload, but for what a header would take.
    static func start(in datagram: RawSpan) -> Int {
        do {
            let message = try Message.decode(datagram, tolerance: .lenient)
            switch message {
            case .publish(let publish): return publish.data.lowerBound
            case .willMessage(let text), .willMessageUpdate(let text): return text.lowerBound
            case .encapsulated(let envelope):
                let inner = datagram.extracting(envelope.inner)
                return envelope.inner.lowerBound + start(in: inner)
            default: return datagram.byteCount
            }
        } catch {
            return min(datagram.byteCount, 9)
        }
    }

    /// The octets with zeros from `start` on.
    static func wiped(_ bytes: RawSpan, from start: Int) -> [UInt8] {
        bytes.copy(of: 0..<start) + repeatElement(0, count: bytes.byteCount - start)
    }
}
