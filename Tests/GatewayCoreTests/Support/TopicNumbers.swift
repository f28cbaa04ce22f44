import MQTTSN

@testable import GatewayCore

/// What dialogues call topic ids: the first that a session has given is 1, the next 2, and so on, whatever they are.
struct TopicNumbers {
    /// By ClientId, the ids of the last session in the order in which they were given.
    private var ids: [[UInt8]: [TopicID]] = [:]

    /// Takes note of what the sessions have given by now.
    mutating func note(_ gateway: borrowing Gateway) {
        for index in 0..<gateway.sessions.endIndex where gateway.sessions.contains(index) {
            let all = gateway.sessions[index].topics.all
            if all.isEmpty, ids.isEmpty { continue }
            note(all.map(\.id), of: gateway.sessions[index].clientID.bytes)
        }
    }

    private mutating func note(_ current: [TopicID], of clientID: [UInt8]) {
        guard !current.isEmpty else {
            ids[clientID] = nil
            return
        }
        for id in current where ids[clientID]?.contains(id) != true { ids[clientID, default: []].append(id) }
    }

    /// The id that has this number; a number that no id has stands for itself.
    func id(_ number: TopicID, of clientID: String) -> TopicID {
        guard let ids = ids[Array(clientID.utf8)], number > 0, number <= ids.count else { return number }
        return ids[Int(number) - 1]
    }

    /// The number of an id; an id that was not given stands for itself.
    func number(_ id: TopicID, of clientID: String) -> TopicID {
        ids[Array(clientID.utf8)]?.firstIndex(of: id).map { TopicID($0 + 1) } ?? id
    }
}

extension SNMessage {
    /// The message with every normal topic id replaced: ids by numbers, or the other way round.
    func replacingTopicIDs(_ id: (TopicID) -> TopicID) -> SNMessage {
        switch self {
        case .register(let number, let messageID, let name): .register(id(number), messageID, name)
        case .registerAcknowledgement(let number, let messageID, let code):
            .registerAcknowledgement(id(number), messageID, code)
        case .publish(.id(let number), let data, let messageID, let qos, let retain, let duplicate):
            .publish(.id(id(number)), data, id: messageID, qos: qos, retain: retain, duplicate: duplicate)
        case .publishAcknowledgement(let number, let messageID, let code):
            .publishAcknowledgement(id(number), messageID, code)
        case .subscribeAcknowledgement(let number, let messageID, let qos, let code):
            .subscribeAcknowledgement(id(number), messageID, qos: qos, code)
        default: self
        }
    }
}
