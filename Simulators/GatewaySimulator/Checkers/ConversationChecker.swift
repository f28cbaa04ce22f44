import Bytes
import GatewayCore
import MQTT
import MQTTSN

/// What the gateway may say to a client, judged by what it has heard from it and said to it before.
///
/// - To a client that sleeps only answers to its own requests go out (MQTT-SN 1.2 §6.14); to one that is being
///   connected nothing but what belongs to the set-up, or to the session that is in force until that is complete.
/// - PINGRESP answers a PINGREQ of an active client, or ends a wake-up: not while an exchange with the client is open,
///   and nothing follows it.
/// - PUBLISH names its topic by an id that the client was told in this connection: by REGACK, by SUBACK, or by a
///   REGISTER that it has acknowledged; or that it was told before, and has left Nretry repetitions of the REGISTER
///   unanswered since; or by a pre-defined id or short name. The id stands for the topic of the message.
/// - A client whose session is there is not told to connect because of what it says, also by a gateway that has started
///   again and keeps its sessions.
/// - PUBACK, PUBREC, PUBCOMP, REGACK, SUBACK and UNSUBACK answer something that was asked.
///
/// The model gives the gateway the benefit of the doubt where only its own timers decide, such as when it gives up a
/// client that is awake.
struct ConversationChecker {
    private var conversations: [Conversation]
    private(set) var violation: String?

    init(clientCount: Int) { conversations = Array(repeating: Conversation(), count: clientCount) }

    mutating func gatewayForgot(_ client: Int) { conversations[client] = Conversation() }

    /// The gateway has forgotten a CONNECT that it was carrying out: the session before is in force.
    mutating func setUpIsForgotten(of client: Int) {
        conversations[client].isConnecting = false
        conversations[client].wantsSleep = false
    }

    /// A copy of a CONNECT was heard, maybe from where the client was before: the session goes there.
    mutating func copyOfConnectWasHeard(of client: Int, at address: Int) {
        guard conversations[client].address != address else { return }
        conversations[client].isPhaseCertain = false
        conversations[client].connectAddresses.insert(address)
    }

    /// A message of the client has expired: a REGISTER that was for it needs no answer any more.
    mutating func messageExpired(of client: Int) { conversations[client].openRegister = nil }

    /// The gateway has given a silent client up.
    mutating func gatewayLost(_ client: Int) { conversations[client].phase = .unknown }

    /// Whether the client has an active session, as far as the gateway has said.
    func isCertainlyActive(_ client: Int) -> Bool {
        conversations[client].isPhaseCertain && conversations[client].phase == .active
    }

    /// Whether the client has a session that sleeps.
    func isCertainlyAsleep(_ client: Int) -> Bool {
        conversations[client].isPhaseCertain && conversations[client].phase == .asleep
    }

    /// The REGISTER that awaits an answer of the client.
    func openRegister(_ client: Int) -> MessageID? { conversations[client].openRegister }

    /// Whether the client's DISCONNECT is what the gateway has heard of it last.
    func hasHeardDisconnect(_ client: Int) -> Bool { conversations[client].lastHeard == .disconnect }

    /// Whether nothing but a REGISTER awaits an answer of the client.
    func isOnlyRegisterOpen(_ client: Int) -> Bool {
        let conversation = conversations[client]
        return conversation.openRegister != nil && conversation.openPublish == nil && conversation.openRelease == nil
    }

    /// The gateway has said its last words: who listens has been told (GW-86). Who was awake may have been given up.
    mutating func gatewayShutDown() {
        for client in conversations.indices {
            let conversation = conversations[client]
            guard conversation.isPhaseCertain, conversation.phase == .active else { continue }
            violate(client, "is not told that the gateway ends")
        }
    }

    /// Nothing the client has asked awaits an answer.
    mutating func forgetRequests(of client: Int) {
        conversations[client].requests = []
        conversations[client].requestedNames = [:]
    }

    private mutating func violate(_ client: Int, _ text: String) {
        if violation == nil { violation = "client \(client) \(text)" }
    }

    private static func request(_ type: MessageType, _ messageID: MessageID) -> UInt32 {
        UInt32(type.rawValue) << 16 | UInt32(messageID)
    }

    // MARK: Heard from the client

    /// Whether the gateway has told the client an id of a name, since it started.
    func hasBeenTold(_ name: [UInt8], _ client: Int) -> Bool {
        conversations[client].toldNames.values.contains(name) || conversations[client].formerNames.values.contains(name)
    }

    /// Whether the gateway may take the client for one that sleeps.
    func maySleep(_ client: Int) -> Bool {
        switch conversations[client].phase {
        case .asleep, .awake: true
        case .unknown, .active: conversations[client].wantsSleep
        }
    }

    /// Whether the session may hear it: a PINGREQ from where the session is not is a stranger's, unless it sleeps and
    /// may move.
    func mayHear(_ message: Message, of client: Int, at address: Int, _ plan: WorldPlan) -> Bool {
        guard case .pingRequest = message else { return true }
        let conversation = conversations[client]
        return conversation.address == address || conversation.connectAddresses.contains(address)
            || maySleep(client) && plan.gateway.sleep.allowsAddressChange
    }

    /// The gateway is about to be told of a client's datagram.
    mutating func clientWasHeard(_ datagram: [UInt8], client: Int, at address: Int, isOverdue: Bool, plan: WorldPlan) {
        guard let message = try? Message.decode(datagram.span.bytes) else { return }
        conversations[client].lastHeard = message.type
        if case .connect = message {
            conversations[client].isConnecting = true
            conversations[client].connectAddresses.insert(address)
            conversations[client].isPhaseCertain = false
            return
        }
        conversations[client].wantsSleep = false
        if case .pingRequest(let name) = message {
            let mayMove = !name.isEmpty && plan.gateway.sleep.allowsAddressChange
            guard conversations[client].address == address || mayMove else { return }
            guard conversations[client].phase == .asleep || conversations[client].phase == .awake else { return }
            // After its last copy a wake-up without an answer ends, and nobody is told.
            let mayHaveEnded = conversations[client].copyCount > plan.gateway.links.map(\.retryCount).min() ?? 0
            if conversations[client].phase == .asleep || mayHaveEnded { conversations[client].closeExchanges() }
            conversations[client].phase = .awake
            conversations[client].address = address
            return
        }
        // Who has not come in its Duration may be given what waits when it speaks (AMB-13).
        if isOverdue, conversations[client].phase == .asleep { conversations[client].phase = .awake }
        note(message, datagram, client, isInSession: conversations[client].address == address)
    }

    private mutating func note(_ message: Message, _ datagram: [UInt8], _ client: Int, isInSession: Bool) {
        func ask(_ messageID: MessageID) {
            conversations[client].requests.insert(Self.request(message.type, messageID))
        }
        switch message {
        case .publish(let publish):
            ask(publish.messageID)
            // Who uses an id knows it, whatever it has said before.
            guard isInSession, publish.flags.topicIDType == .normal,
                let name = conversations[client].formerNames[publish.topicID]
            else { return }
            conversations[client].toldNames[publish.topicID] = name
        case .publishRelease(let messageID): ask(messageID)
        case .unsubscribe(let unsubscribe): ask(unsubscribe.messageID)
        case .register(let register):
            ask(register.messageID)
            conversations[client].requestedNames[register.messageID] = Array(datagram[register.topicName])
        case .subscribe(let subscribe):
            ask(subscribe.messageID)
            let isName = subscribe.flags.topicIDType == .normal
            conversations[client].requestedNames[subscribe.messageID] = isName ? Array(datagram[subscribe.topic]) : nil
        case .disconnect(let duration): conversations[client].wantsSleep = isInSession && (duration ?? 0) > 0
        default: if isInSession { noteAnswer(message, client) }
        }
    }

    private mutating func noteAnswer(_ message: Message, _ client: Int) {
        switch message {
        case .registerAcknowledgement(let answer):
            let isOpen = conversations[client].openRegister == answer.messageID
            if isOpen { conversations[client].openRegister = nil }
            guard answer.returnCode == .accepted, let offer = conversations[client].offeredNames[answer.messageID]
            else { return }
            // One that comes late counts too, where it says which id it is about.
            let isLate = offer.0 == answer.topicID && conversations[client].offerCounts[offer.0] != nil
            if isOpen || isLate { conversations[client].toldNames[offer.0] = offer.1 }
        case .publishAcknowledgement(let answer):
            let isOpen = conversations[client].openPublish == answer.messageID
            if isOpen { conversations[client].openPublish = nil }
            // Who denies the topic id has the message still to come: any later answer to it ends both.
            if answer.returnCode != .invalidTopicID { conversations[client].settle(answer.messageID) }
            if answer.returnCode == .invalidTopicID, isOpen || answer.messageID == 0 {
                let denied = conversations[client].toldNames.removeValue(forKey: answer.topicID)
                if let denied { conversations[client].formerNames[answer.topicID] = denied }
            }
        case .publishReceived(let messageID):
            let isOpen = [conversations[client].openPublish, conversations[client].openRelease].contains(messageID)
            conversations[client].lateReceipt = isOpen ? nil : messageID
            conversations[client].settle(messageID)
            if conversations[client].openPublish == messageID { conversations[client].openPublish = nil }
        case .publishComplete(let messageID):
            if conversations[client].openRelease == messageID { conversations[client].openRelease = nil }
        default: break
        }
    }

    // MARK: Said to the client

    /// The gateway sends a datagram to an address of a client; `isAnswer` where it is being told of a datagram of this
    /// client.
    mutating func gatewaySent(_ datagram: [UInt8], to client: Int, at address: Int, isAnswer: Bool, plan: WorldPlan) {
        guard let message = try? Message.decode(datagram.span.bytes) else { return }
        switch message {
        case .connectAcknowledgement(let code): connectAcknowledged(client, code, at: address, isAnswer: isAnswer)
        case .disconnect: disconnected(client, at: address, isAnswer: isAnswer)
        case .pingResponse: pingAnswered(client, isAnswer: isAnswer)
        case .publish(let publish):
            speak(client, message, at: address)
            checkTopic(of: publish, datagram, client, plan)
            // One exchange is open at a time: who begins one has ended the other.
            if publish.flags.qos != .atMostOnce {
                (conversations[client].openPublish, conversations[client].openRegister) = (publish.messageID, nil)
                conversations[client].countCopy(Self.request(message.type, publish.messageID))
                let name = Stamp(datagram[publish.data]).flatMap { plan.rules.topicName(of: $0, to: client) }
                conversations[client].unanswered = (publish.messageID, name ?? [])
            }
        case .publishRelease(let messageID):
            speak(client, message, at: address)
            // What frees a client of an exchange that is over asks it for nothing.
            if isAnswer, conversations[client].lateReceipt == messageID { return }
            conversations[client].openRelease = messageID
            conversations[client].countCopy(Self.request(message.type, messageID))
        case .register(let register):
            speak(client, message, at: address)
            (conversations[client].openRegister, conversations[client].openPublish) = (register.messageID, nil)
            conversations[client].countCopy(Self.request(message.type, register.messageID))
            conversations[client].offerCounts[register.topicID, default: 0] += 1
            conversations[client].offeredNames[register.messageID] = (
                register.topicID, Array(datagram[register.topicName])
            )
        case .registerAcknowledgement, .subscribeAcknowledgement, .unsubscribeAcknowledgement, .publishAcknowledgement,
            .publishReceived, .publishComplete:
            checkAnswer(message, client)
        default: break
        }
    }

    private mutating func connectAcknowledged(
        _ client: Int, _ code: ReturnCode, at address: Int, isAnswer: Bool
    ) {
        conversations[client].isConnecting = false
        guard code == .accepted else { return }
        // Only the repetition of a CONNACK answers an active client at once (AMB-01); what it was told still holds.
        let isRepeated = isAnswer && conversations[client].phase == .active
        if !isRepeated {
            conversations[client].formerNames.merge(conversations[client].toldNames) { $1 }
            conversations[client].toldNames = [:]
            conversations[client].offerCounts = [:]
        }
        (conversations[client].openPublish, conversations[client].openRelease) = (nil, nil)
        conversations[client].phase = .active
        conversations[client].isPhaseCertain = true
        conversations[client].address = address
        conversations[client].connectAddresses = []
    }

    private mutating func disconnected(_ client: Int, at address: Int, isAnswer: Bool) {
        guard conversations[client].address == address else { return }
        if conversations[client].wantsSleep, isAnswer {
            conversations[client].phase = .asleep
            conversations[client].closeExchanges()
        } else {
            let isAsked = conversations[client].lastHeard == .disconnect || conversations[client].lastHeard == .connect
            if isAnswer, !isAsked, conversations[client].isPhaseCertain, conversations[client].phase == .active {
                violate(client, "is told to connect, though its session is there")
            }
            conversations[client].phase = .unknown
        }
        conversations[client].wantsSleep = false
    }

    private mutating func pingAnswered(_ client: Int, isAnswer: Bool) {
        let conversation = conversations[client]
        switch conversation.phase {
        case .unknown: break
        case .asleep: violate(client, "gets PINGRESP while it sleeps")
        case .active: if !isAnswer { violate(client, "gets PINGRESP without having asked") }
        case .awake:
            if conversation.openPublish != nil || conversation.openRelease != nil || conversation.openRegister != nil {
                violate(client, "gets PINGRESP though its wake-up is not over")
            }
            conversations[client].phase = .asleep
        }
    }

    /// The gateway begins an exchange, or goes on with one.
    private mutating func speak(_ client: Int, _ message: Message, at address: Int) {
        let name = message.type.specificationName
        switch conversations[client].phase {
        case .unknown:
            if conversations[client].isConnecting { return violate(client, "gets \(name) while it is being connected") }
            if case .publish = message { violate(client, "gets \(name) without a session") }
        case .asleep: violate(client, "gets \(name) while it sleeps")
        case .active, .awake:
            if conversations[client].address != address, !conversations[client].connectAddresses.contains(address) {
                violate(client, "gets \(name) where it is not")
            }
        }
    }

    /// What the topic id of a PUBLISH to the client stands for; nil where it was not told.
    func name(of publish: MQTTSN.Publish, to client: Int, _ plan: WorldPlan) -> [UInt8]? {
        switch publish.flags.topicIDType {
        case .normal:
            let offerCount = conversations[client].offerCounts[publish.topicID] ?? 0
            let isLeftUnanswered = offerCount > plan.gateway.links.map(\.retryCount).min() ?? 0
            return conversations[client].toldNames[publish.topicID]
                ?? (isLeftUnanswered ? conversations[client].formerNames[publish.topicID] : nil)
        case .predefined, .shortName: return plan.name(of: publish.topicID, publish.flags.topicIDType)
        case .reserved: return nil
        }
    }

    private mutating func checkTopic(of publish: MQTTSN.Publish, _ datagram: [UInt8], _ client: Int, _ plan: WorldPlan)
    {
        guard let name = name(of: publish, to: client, plan) else {
            return violate(client, "gets PUBLISH with topic id \(publish.topicID), which it was not told")
        }
        guard let stamp = Stamp(datagram[publish.data]), plan.rules.topicName(of: stamp) != nil else { return }
        if plan.rules.topicName(of: stamp, to: client) != name {
            violate(client, "gets \(stamp) as \(String(decoding: name, as: UTF8.self))")
        }
    }

    /// The client knows the id by its own request: a REGISTER for it needs no answer any more.
    private mutating func stopTelling(_ topicID: TopicID, _ client: Int) {
        guard let open = conversations[client].openRegister, conversations[client].offeredNames[open]?.0 == topicID
        else { return }
        conversations[client].openRegister = nil
    }

    private mutating func checkAnswer(_ message: Message, _ client: Int) {
        let (asked, messageID): (MessageType, MessageID)
        switch message {
        case .registerAcknowledgement(let answer):
            (asked, messageID) = (.register, answer.messageID)
            if answer.returnCode == .accepted, let name = conversations[client].requestedNames[messageID] {
                conversations[client].toldNames[answer.topicID] = name
                stopTelling(answer.topicID, client)
            }
        case .subscribeAcknowledgement(let answer):
            (asked, messageID) = (.subscribe, answer.messageID)
            if answer.returnCode == .accepted, answer.topicID != 0,
                let name = conversations[client].requestedNames[messageID]
            {
                conversations[client].toldNames[answer.topicID] = name
                stopTelling(answer.topicID, client)
            }
        case .unsubscribeAcknowledgement(let id): (asked, messageID) = (.unsubscribe, id)
        case .publishAcknowledgement(let answer): (asked, messageID) = (.publish, answer.messageID)
        case .publishReceived(let id): (asked, messageID) = (.publish, id)
        case .publishComplete(let id): (asked, messageID) = (.publishRelease, id)
        default: return
        }
        if !conversations[client].requests.contains(Self.request(asked, messageID)) {
            violate(client, "gets \(message.type.specificationName) \(messageID), and has not asked")
        }
    }
}
