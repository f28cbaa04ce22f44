import Bytes
import GatewayCore
import MQTTSN

// Who takes a message id for the next message at once, and what the network does for it.
//
// Under such an id nobody can tell what belongs to which message: a copy of the former one would be published again,
// and an answer to it would be taken for one to the next. A client may be so hasty where nothing of the former message
// is under way any more; such words are lost.

extension World {
    private func isReuser(_ client: Int) -> Bool { clients[client].device.configuration.reusesMessageIDs }

    /// Whether a word of the client is about a message that it has done with.
    func isFormerWord(_ datagram: Datagram, of client: Int) -> Bool {
        guard isReuser(client) else { return false }
        let isFormer =
            switch try? Message.decode(datagram.bytes.span.bytes) {
            case .publish(let publish)? where publish.flags.qos > .atMostOnce:
                current(publish.messageID, of: client) != Stamp(datagram.bytes[publish.data])
            // A former PUBREL releases nothing before the broker has the message.
            case .publishRelease(let messageID)?:
                clients[client].device.awaitsFirstAnswer(under: messageID)
                    && current(messageID, of: client).map { publications.isAtBroker($0) } ?? false
            default: false
            }
        if isFormer { rudeness.note(.lostFormerWord) }
        return isFormer
    }

    /// Whether an answer is about a message that the client has done with.
    func isFormerAnswer(_ datagram: Datagram, to client: Int) -> Bool {
        guard isReuser(client) else { return false }
        let isFormer =
            switch try? Message.decode(datagram.bytes.span.bytes) {
            case .publishAcknowledgement(let answer)?:
                answer.messageID != 0 && current(answer.messageID, of: client) != datagram.answered
            case .publishReceived(let messageID)?, .publishComplete(let messageID)?:
                current(messageID, of: client) != datagram.answered
            default: false
            }
        if isFormer { rudeness.note(.lostFormerWord) }
        return isFormer
    }

    private func current(_ messageID: MessageID, of client: Int) -> Stamp? {
        clients[client].device.publication(under: messageID).flatMap { Stamp($0.payload) }
    }

    func noteHeard(_ stamp: Stamp, under messageID: MessageID, of client: Int) {
        guard clients[client].heardStamps[messageID]?.contains(stamp) != true else { return }
        clients[client].heardStamps[messageID, default: []].append(stamp)
    }

    /// What an answer of the gateway is about; nil where it may be about one of several messages, or about one that has
    /// been answered already.
    func answered(by datagram: [UInt8], _ client: Int) -> Stamp? {
        switch try? Message.decode(datagram.span.bytes) {
        case .publishAcknowledgement(let answer)?: answered(under: answer.messageID, client, isLast: true)
        case .publishReceived(let messageID)?, .publishComplete(let messageID)?:
            answered(under: messageID, client, isLast: false)
        default: nil
        }
    }

    private func answered(under messageID: MessageID, _ client: Int, isLast: Bool) -> Stamp? {
        let heard = clients[client].heardStamps[messageID] ?? []
        guard heard.count == 1 else {
            clients[client].heardStamps[messageID] = heard.suffix(1)
            return nil
        }
        // Whoever has not got it says its PUBLISH again; at QoS 2 it may be its PUBREL.
        if isLast { clients[client].heardStamps[messageID] = nil }
        return heard[0]
    }
}
