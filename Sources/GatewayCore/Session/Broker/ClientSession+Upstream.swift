import Bytes
import MQTT

// Which procedure a packet of the broker belongs to; nothing else.

extension ClientSession {
    /// - Returns: false where the packet answers nothing that is open.
    mutating func handle(_ packet: Packet, _ bytes: RawSpan, in environment: inout Environment) -> Bool {
        switch packet {
        case .publish(let publish): brokerPublished(publish, bytes, in: &environment)
        case .publishRelease(let packetID): brokerReleased(packetID, in: &environment)
        case .publishAcknowledgement(let packetID): return brokerAcknowledged(packetID, in: &environment)
        case .publishReceived(let packetID): return brokerReceived(packetID, in: &environment)
        case .publishComplete(let packetID): return brokerCompleted(packetID, in: &environment)
        case .subscribeAcknowledgement(let answer):
            guard let code = bytes.byte(at: answer.returnCodes.lowerBound) else { return false }
            return brokerSubscribed(answer.packetID, code: code, in: &environment)
        case .unsubscribeAcknowledgement(let packetID): return brokerUnsubscribed(packetID, in: &environment)
        case .connect, .connectAcknowledgement, .subscribe, .unsubscribe, .pingRequest, .pingResponse, .disconnect:
            return false
        }
        return true
    }
}
