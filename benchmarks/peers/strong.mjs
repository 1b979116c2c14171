// What a good Node engineer would write instead: Express 4, embedded SQLite (libsql has the interface of better-sqlite3;
// WAL, synchronous = FULL), native bcrypt, prepared statements, indexes, a Socket.IO room for each user, batched presence.
// DB=/path/to/file.db PORT=5602 node strong.mjs
import crypto from 'node:crypto';
import http from 'node:http';
import bcrypt from 'bcrypt';
import cookieParser from 'cookie-parser';
import express from 'express';
import jwt from 'jsonwebtoken';
import Database from 'libsql';
import { Server } from 'socket.io';

const SECRET = 'a secret for benchmarks only, 32 characters and more';
const WEEK = 7 * 24 * 3600; // seconds

const db = new Database(process.env.DB);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, email TEXT UNIQUE, fullName TEXT, password TEXT, profilePic TEXT, createdAt TEXT, updatedAt TEXT);
  CREATE TABLE IF NOT EXISTS messages (n INTEGER PRIMARY KEY, id TEXT UNIQUE, conversation TEXT, senderId TEXT, receiverId TEXT, room TEXT, text TEXT, createdAt TEXT, updatedAt TEXT);
  CREATE INDEX IF NOT EXISTS by_conversation ON messages (conversation, n);
  CREATE TABLE IF NOT EXISTS members (room TEXT, userId TEXT, PRIMARY KEY (room, userId));
`);
const sql = {
  userById: db.prepare('SELECT * FROM users WHERE id = ?'),
  userByEmail: db.prepare('SELECT * FROM users WHERE email = ?'),
  others: db.prepare('SELECT * FROM users WHERE id <> ?'),
  addUser: db.prepare('INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)'),
  addMessage: db.prepare('INSERT INTO messages (id, conversation, senderId, receiverId, room, text, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
  history: db.prepare('SELECT * FROM (SELECT * FROM messages WHERE conversation = ? ORDER BY n DESC LIMIT 1000) ORDER BY n'),
  addMember: db.prepare('INSERT OR IGNORE INTO members VALUES (?, ?)'),
  members: db.prepare('SELECT userId FROM members WHERE room = ?'),
};

const newId = () => crypto.randomBytes(12).toString('hex');
const now = () => new Date().toISOString();
const publicUser = u => ({ _id: u.id, email: u.email, fullName: u.fullName, profilePic: u.profilePic, createdAt: u.createdAt, updatedAt: u.updatedAt });
const publicMessage = m => ({ _id: m.id, senderId: m.senderId, receiverId: m.receiverId ?? undefined, room: m.room ?? undefined, text: m.text, createdAt: m.createdAt, updatedAt: m.updatedAt });
const direct = (a, b) => (a < b ? `${a}_${b}` : `${b}_${a}`);

const app = express();
const server = http.createServer(app);
const io = new Server(server);
app.set('etag', false);
app.use(express.json({ limit: '8mb' }), cookieParser());

// Presence: a count per user, at most ten broadcasts a second.
const connections = new Map();
let due = null;
function broadcastSoon() {
  due ||= setTimeout(() => {
    due = null;
    io.emit('getOnlineUsers', [...connections.keys()]);
  }, 100);
}

function store({ senderId, receiverId = null, room = null, text }) {
  const time = now();
  const message = { id: newId(), senderId, receiverId, room, text, createdAt: time, updatedAt: time };
  sql.addMessage.run(message.id, room ?? direct(senderId, receiverId), senderId, receiverId, room, text, time, time);
  const shown = publicMessage(message);
  if (room) io.to(sql.members.all(room).map(m => `user:${m.userId}`)).emit('new_message', shown);
  else io.to(`user:${receiverId}`).emit('newMessage', shown);
  return shown;
}

io.on('connection', socket => {
  const id = socket.handshake.query.userId;
  socket.join(`user:${id}`);
  if (!connections.has(id)) broadcastSoon();
  connections.set(id, (connections.get(id) ?? 0) + 1);
  socket.emit('getOnlineUsers', [...connections.keys()]);
  socket.on('send_message', ({ to, room, text }, ack) => ack({ ok: true, message: store({ senderId: id, receiverId: to, room, text }) }));
  socket.on('disconnect', () => {
    const left = connections.get(id) - 1;
    if (left) connections.set(id, left);
    else { connections.delete(id); broadcastSoon(); }
  });
});

const guarded = handler => (req, res) => {
  try {
    if (!req.cookies.jwt) return res.status(401).json({ message: 'unauthorized' });
    req.user = sql.userById.get(jwt.verify(req.cookies.jwt, SECRET).userId);
    if (!req.user) return res.status(404).json({ message: 'user not found' });
    handler(req, res);
  } catch (error) { res.status(500).json({ message: error.message }); }
};
const enter = (res, user) => res
  .cookie('jwt', jwt.sign({ userId: user.id }, SECRET, { expiresIn: WEEK }), { maxAge: WEEK * 1000, httpOnly: true, sameSite: 'strict' })
  .json(publicUser(user));

app.post('/api/auth/signup', async (req, res) => {
  const { fullName, email, password } = req.body;
  const time = now();
  const user = { id: newId(), email, fullName, profilePic: '', createdAt: time, updatedAt: time };
  sql.addUser.run(user.id, email, fullName, await bcrypt.hash(password, 10), '', time, time);
  enter(res, user);
});
app.post('/api/auth/login', async (req, res) => {
  const user = sql.userByEmail.get(req.body.email);
  if (!user || !await bcrypt.compare(req.body.password, user.password)) return res.status(400).json({ message: 'invalid credentials' });
  enter(res, user);
});
app.get('/api/auth/check', guarded((req, res) => res.json(publicUser(req.user))));
app.get('/api/messages/users', guarded((req, res) => res.json(sql.others.all(req.user.id).map(publicUser))));
app.get('/api/messages/:id', guarded((req, res) => res.json(sql.history.all(direct(req.user.id, req.params.id)).map(publicMessage))));
app.post('/api/messages/send/:id', guarded((req, res) => res.status(201).json(store({ senderId: req.user.id, receiverId: req.params.id, text: req.body.text }))));
app.post('/api/rooms', guarded((req, res) => {
  const room = newId();
  for (const id of [req.user.id, ...req.body.members]) sql.addMember.run(room, id);
  res.status(201).json({ _id: room, name: req.body.name });
}));
server.listen(Number(process.env.PORT), '127.0.0.1');
