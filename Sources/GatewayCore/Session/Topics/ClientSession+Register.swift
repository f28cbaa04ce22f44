import Bytes
import MQTTSN

// Registration of topic names, in both directions (MQTT-SN 1.2 §6.5).

extension ClientSession {
    /// GW-29 to GW-32: the same name gets the same id, however often it is asked for.
    mutating func receiveRegister(_ register: Register, _ datagram: RawSpan, in environment: inout Environment) {
        let name = datagram.extracting(register.topicName)
        guard TopicRules.isValidName(name, environment.limits), hasRoomBehindPrefix(name, in: environment) else {
            answerRegister(register, topicID: 0, .notSupported, in: &environment)
            return
        }
        let index = environment.topicNames.use(name)
        defer { environment.topicNames.release(index) }
        guard let topicID = topicID(askedFor: index, in: &environment) else {
            answerRegister(register, topicID: 0, .congestion, in: &environment)
            return
        }
        topics.setStanding(.known, of: topicID)
        answerRegister(register, topicID: topicID, .accepted, in: &environment)
        tryUndeliverable(on: topicID, in: &environment)
    }

    private func answerRegister(
        _ register: Register, topicID: TopicID, _ code: ReturnCode, in environment: inout Environment
    ) {
        observeRefusal(code, in: &environment)
        let answer = RegisterAcknowledgement(topicID: topicID, messageID: register.messageID, returnCode: code)
        send(.registerAcknowledgement(answer), in: &environment)
    }

    /// Counts an answer that is not "accepted".
    @inline(__always)
    func observeRefusal(_ code: ReturnCode, in environment: inout Environment) {
        switch code {
        case .accepted: break
        case .congestion: observe(.requestRefusedCongestion, in: &environment)
        case .invalidTopicID: observe(.requestRefusedInvalidTopic, in: &environment)
        default: observe(.requestRefusedNotSupported, in: &environment)
        }
    }

    /// The id for a name that the client asks for, a new one if it has none; nil at a limit.
    mutating func topicID(askedFor name: TopicNameIndex, in environment: inout Environment) -> TopicID? {
        if let known = topics.id(for: name) {
            return topics.ask(for: known, nameCount: environment.limits.topicsPerClient) ? known : nil
        }
        return assignTopicID(name, .asked, in: &environment)
    }

    /// The id for a name that is to be delivered, a new one if it has none; nil where none can be given now.
    mutating func topicID(toDeliver name: TopicNameIndex, in environment: inout Environment) -> TopicID? {
        topics.id(for: name) ?? assignTopicID(name, .given, in: &environment)
    }

    private mutating func assignTopicID(
        _ name: TopicNameIndex, _ origin: TopicRegistry.Origin, in environment: inout Environment
    ) -> TopicID? {
        let isFull = environment.topicNames.isFull(for: name, environment.limits)
        let conditions = TopicRegistry.Conditions(
            clientID: clientID, nameCount: environment.limits.topicsPerClient,
            byteCount: isFull ? environment.limits.topicNamesShare : .max,
            otherByteCount: isFull ? filterByteCount(in: environment) : 0, now: environment.now,
            patience: link(in: environment).patience)
        return topics.assign(name, origin, conditions, in: &environment.topicNames)
    }

    /// Whether a REGISTER of the name fits the client's link (GW-59); a longer name takes no id and no place in a
    /// queue.
    @inline(__always)
    func canRegister(_ name: TopicNameIndex, in environment: borrowing Environment) -> Bool {
        let byteCount = Message.encodedByteCount(bodyByteCount: 4 + environment.topicNames.name(name).count)
        return byteCount <= messageRoom(in: environment)
    }

    /// Tells the client an id before it is used, and holds everything behind it until the REGACK (GW-34, GW-35).
    mutating func sendRegister(_ topicID: TopicID, name: TopicNameIndex, in environment: inout Environment) {
        guard let route else { return }
        let messageID = downlink.beginRegistration(of: topicID)
        topics.noteUse(topicID, at: environment.now)
        environment.sendRegister(topicID, messageID, name: name, to: route)
        awaitAnswer(in: environment)
    }

    /// Sends an open REGISTER again, under the same message id.
    mutating func repeatRegister(_ topicID: TopicID, _ messageID: MessageID, in environment: inout Environment) {
        guard let route, let name = topics.entry(topicID)?.name else { return }
        guard canRegister(name, in: environment) else {
            // Meanwhile the client's link became narrower.
            stopAsking()
            return deliver(in: &environment)
        }
        topics.noteUse(topicID, at: environment.now)
        noteSentAgain(in: &environment)
        environment.sendRegister(topicID, messageID, name: name, to: route)
    }

    /// GW-36, GW-37.
    mutating func receiveRegisterAcknowledgement(
        _ answer: RegisterAcknowledgement, in environment: inout Environment
    ) {
        guard let (topicID, messageID) = downlink.registration, messageID == answer.messageID else {
            return receiveLateRegisterAcknowledgement(answer, in: &environment)
        }
        answerCame(in: &environment)
        supervision.answeredRegister()
        if answer.returnCode == .accepted {
            topics.setStanding(.known, of: topicID)
        } else {
            rejectTopic(topicID, in: &environment)
        }
        tryUnregistered(in: &environment)
        deliver(in: &environment)
    }

    /// A client may learn an id when the gateway has ceased to wait for it: what waits for that goes on. The id says
    /// which, as none means another name before an answer has had time to come.
    private mutating func receiveLateRegisterAcknowledgement(
        _ answer: RegisterAcknowledgement, in environment: inout Environment
    ) {
        guard answer.returnCode == .accepted, topics.entry(answer.topicID)?.isPassedOver == true else {
            return observeUnexpected(.registerAcknowledgement(answer), in: &environment)
        }
        supervision.answeredRegister()
        topics.setStanding(.known, of: answer.topicID)
        tryUndeliverable(on: answer.topicID, in: &environment)
    }

    /// The client does not want the name: a plain subscription to it ends, a wildcard that matched it stays (§6.5).
    private mutating func rejectTopic(_ topicID: TopicID, in environment: inout Environment) {
        topics.setStanding(.rejected, of: topicID)
        if let name = topics.entry(topicID)?.name { giveUp(subscriptionTo: name, in: &environment) }
    }
}
