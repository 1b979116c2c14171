// Fills a database as the Express backend does: mongoose's documents, bcryptjs's hashes, emails as they were typed.
// MONGO_URL=... node express_writes.mjs MESSAGES   prints what it wrote as JSON
import bcrypt from "bcryptjs";
import mongoose from "mongoose";

const ref = { type: mongoose.Schema.Types.ObjectId, ref: "User", required: true };
const text = { type: String, required: true };
const User = mongoose.model(
  "User",
  new mongoose.Schema(
    { email: { ...text, unique: true }, fullName: text, password: text, profilePic: { type: String, default: "" } },
    { timestamps: true },
  ),
);
const Message = mongoose.model(
  "Message",
  new mongoose.Schema({ senderId: ref, receiverId: ref, text: String, image: String }, { timestamps: true }),
);

await mongoose.connect(process.env.MONGO_URL);
await User.init();
const password = await bcrypt.hash("old password", await bcrypt.genSalt(10));
const [ann, bob] = await User.create([
  { email: "Ann@Example.org", fullName: "Ann", password },
  { email: "bob@example.org", fullName: "Bob", password },
]);
const texts = Array.from({ length: Number(process.argv[2]) }, (_, number) => `old ${number + 1}`);
for (const [number, text] of texts.entries()) {
  const [senderId, receiverId] = number % 2 ? [bob._id, ann._id] : [ann._id, bob._id];
  await new Message({ senderId, receiverId, text }).save();
}
console.log(JSON.stringify({ ann: ann._id, bob: bob._id, texts }));
await mongoose.disconnect();
