/// What clients, brokers and networks do beyond what a gateway would wish: each kind is counted.
package enum Rudeness: Int, CaseIterable, Sendable {
    case publishedBesideAnother, reusedMessageID, countedAnew, gaveUpPublication, saidTheSameAgain
    case ignoredRegister, startedAgainInSetUp, wokeByConnect, doubledConnect, lateConnect
    case reusedPacketIdentifier, refusedSubscription, closedOnTopicName
    case silencedRadio, restartedEverything, lostLink
    case heardLateCopy, lostLateCopy
    case repeatedReceipt, reusedAtOnce, lostFormerWord
}
