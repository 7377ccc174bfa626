/** What an issuance backend needs to take packets of kiosks: the door of this room. See README.md. */
export { Intake, type IntakeOptions, type KioskAddress, type Verdict, wordsOf } from './intake.ts';
export { type JudgeContext, type JudgedPacket, judgePacket, type PacketManifest } from './judge.ts';
export { type MediumReport, takeMedium } from './medium.ts';
export { type ReceiptState, type ReceiptWord, writeReceipt } from './receipts.ts';
export { type SealedCode, SealedError } from './sealed/error.ts';
export { loadServiceKeys, type ServiceKeyFiles, type ServiceKeys } from './sealed/keys.ts';
export { type PacketMemory, PacketStore, type StoredPacket } from './store.ts';
