// The Express backend whose interface this project speaks, as its users run it: Express 4, Mongoose 8, bcryptjs,
// Socket.IO 4; no indexes beside the unique email, one socket per user, all of presence to everyone at each connection.
// MONGO_URL=mongodb://... PORT=5601 node tutorial.mjs
import http from 'node:http';
import bcrypt from 'bcryptjs';
import cookieParser from 'cookie-parser';
import cors from 'cors';
import express from 'express';
import jwt from 'jsonwebtoken';
import mongoose from 'mongoose';
import { Server } from 'socket.io';

const SECRET = 'a secret for benchmarks only, 32 characters and more';
const WEEK = 7 * 24 * 3600; // seconds

const required = { type: String, required: true };
const User = mongoose.model('User', new mongoose.Schema({
  email: { ...required, unique: true },
  fullName: required,
  password: { ...required, minlength: 6 },
  profilePic: { type: String, default: '' },
}, { timestamps: true }));
const userReference = { type: mongoose.Schema.Types.ObjectId, ref: 'User', required: true };
const Message = mongoose.model('Message', new mongoose.Schema({
  senderId: userReference,
  receiverId: userReference,
  text: String,
  image: String,
}, { timestamps: true }));

const app = express();
const server = http.createServer(app);
const io = new Server(server, { cors: { origin: ['http://localhost:5173'] } });
app.use(express.json({ limit: '8mb' }), cookieParser(), cors({ origin: 'http://localhost:5173', credentials: true }));

const socketOf = {};
io.on('connection', socket => {
  const id = socket.handshake.query.userId;
  if (id) socketOf[id] = socket.id;
  io.emit('getOnlineUsers', Object.keys(socketOf));
  socket.on('disconnect', () => {
    delete socketOf[id];
    io.emit('getOnlineUsers', Object.keys(socketOf));
  });
});

const failing = handler => (req, res) => handler(req, res).catch(() => res.status(500).json({ message: 'internal server error' }));
const guarded = handler => failing(async (req, res) => {
  if (!req.cookies.jwt) return res.status(401).json({ message: 'unauthorized - no token provided' });
  req.user = await User.findById(jwt.verify(req.cookies.jwt, SECRET).userId).select('-password');
  if (!req.user) return res.status(404).json({ message: 'user not found' });
  return handler(req, res);
});
function enter(res, user) {
  const token = jwt.sign({ userId: user._id }, SECRET, { expiresIn: WEEK });
  res.cookie('jwt', token, { maxAge: WEEK * 1000, httpOnly: true, sameSite: 'strict' });
  res.json({ _id: user._id, fullName: user.fullName, email: user.email, profilePic: user.profilePic });
}

app.post('/api/auth/signup', failing(async (req, res) => {
  const { fullName, email, password } = req.body;
  if (!fullName || !email || !password || password.length < 6) return res.status(400).json({ message: 'add everything' });
  if (await User.findOne({ email })) return res.status(400).json({ message: 'User already exists' });
  const hash = await bcrypt.hash(password, await bcrypt.genSalt(10));
  return enter(res, await User.create({ fullName, email, password: hash }));
}));
app.post('/api/auth/login', failing(async (req, res) => {
  const user = await User.findOne({ email: req.body.email });
  if (!user || !await bcrypt.compare(req.body.password, user.password)) {
    return res.status(400).json({ message: 'invalid credentials' });
  }
  return enter(res, user);
}));
app.get('/api/auth/check', guarded(async (req, res) => res.json(req.user)));
app.get('/api/messages/users', guarded(async (req, res) => {
  res.json(await User.find({ _id: { $ne: req.user._id } }).select('-password'));
}));
app.get('/api/messages/:id', guarded(async (req, res) => {
  const [me, other] = [req.user._id, req.params.id];
  res.json(await Message.find({ $or: [{ senderId: me, receiverId: other }, { senderId: other, receiverId: me }] }));
}));
app.post('/api/messages/send/:id', guarded(async (req, res) => {
  const message = new Message({ senderId: req.user._id, receiverId: req.params.id, text: req.body.text });
  await message.save();
  if (socketOf[req.params.id]) io.to(socketOf[req.params.id]).emit('newMessage', message);
  res.status(201).json(message);
}));

await mongoose.connect(process.env.MONGO_URL);
await User.init(); // the unique index
server.listen(Number(process.env.PORT), '127.0.0.1');
