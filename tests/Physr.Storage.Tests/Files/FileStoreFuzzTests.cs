// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Machine.Simulation;
using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>Damaged devices, checksums mended or not: a mount says what is wrong or the store works; nothing throws, nothing reads beyond the device, nothing hangs.</summary>
public sealed class FileStoreFuzzTests
{
    private const int AreaBytes = 8192;
    private const int AreasEnd = 8192 + (2 * AreaBytes);

    [Fact]
    public void ADamagedDevice_IsRefusedWithAReason_OrServes()
    {
        Dictionary<Errno, int> ends = [];
        int sound = 0;
        byte[] scratch = new byte[s_images[0].Length];
        for (ulong seed = 1; seed <= 20_500; seed++)
        {
            SeededRandom random = new(seed);
            s_images[(int)(seed % (ulong)s_images.Length)].CopyTo(scratch, 0);
            ArrayDevice device = new(Damage(random, scratch, out string how));
            try
            {
                Errno errno = FileStore.TryMount(device, out FileStore? store, out string reason);
                ends[errno] = ends.GetValueOrDefault(errno) + 1;
                Assert.True(device.Writes == 0, "a mount stored something");
                Assert.Equal(errno == Errno.None, reason.Length == 0);
                sound += errno == Errno.None && Use(store!, random) ? 1 : 0;
                Assert.Equal(0, device.Strays);
            }
            catch (Exception thrown)
            {
                throw new InvalidOperationException($"seed {seed}, {how}: {thrown.Message}", thrown);
            }
        }

        Assert.True(ends.Keys.All(static errno => errno is Errno.None or Errno.EUCLEAN or Errno.ENXIO or Errno.EOPNOTSUPP), string.Join(',', ends));
        Assert.True(sound > 1000 && ends[Errno.EUCLEAN] > 9_000 && ends[Errno.ENXIO] > 100, $"{sound} sound; {string.Join(',', ends)}");
    }

    /// <summary>Reads everything, checks, and changes something.</summary>
    private static bool Use(FileStore store, SeededRandom random)
    {
        byte[] read = s_read;
        foreach (string name in store.List())
        {
            Assert.Equal(Errno.None, store.TryOpen(name, out StoreFile? file));
            ulong at = file!.Length == 0 ? 0 : random.Below(file.Length);
            Assert.Equal(Errno.None, file.TryRead(0, read, out _));
            Assert.Equal(Errno.None, file.TryRead(at, read, out _));
            foreach (Extent extent in file.Extents)
            {
                Assert.Equal(Errno.None, file.TryRead(extent.Page * 4096, read, out _));
            }
        }

        bool isSound = store.Check(true).Count == 0;
        Assert.True(store.TryCreate("fresh", out StoreFile? fresh) is Errno.None or Errno.ENOSPC, "create");
        Assert.True(fresh?.TryWrite(random.Below(100_000), read.AsSpan(0, 5000)) is null or Errno.None or Errno.ENOSPC, "write");
        foreach (string name in store.List())
        {
            store.TryOpen(name, out StoreFile? file);
            Assert.True(file!.TryPunchHole(4096, 8192) is Errno.None or Errno.ENOSPC, "punch");
            Assert.Equal(Errno.None, store.TryUnlink(name));
        }

        Assert.Equal(store.DataBlocks, store.FreeBlocks);
        return isSound;
    }

    private static byte[] Damage(SeededRandom random, byte[] bytes, out string how)
    {
        int kind = (int)random.Below(8);
        how = $"kind {kind}";
        switch (kind)
        {
            case 0:
                // Bytes anywhere in the metadata that is there.
                for (int i = (int)random.Below(4); i >= 0; i--)
                {
                    bytes[Used(random, bytes)] ^= (byte)(1 << (int)random.Below(8));
                }

                return bytes;
            case 1:
                return bytes[..(int)random.Below((ulong)bytes.Length)];
            case 2:
                // Two blocks change places.
                int first = 4096 * (int)random.Below(AreasEnd / 4096);
                int second = 4096 * (int)random.Below((ulong)bytes.Length / 4096);
                byte[] block = bytes[first..(first + 4096)];
                bytes.AsSpan(second, 4096).CopyTo(bytes.AsSpan(first));
                block.CopyTo(bytes.AsSpan(second));
                return bytes;
            case 3:
                // A word of the superblock, its checksum made right, in one copy or in both.
                EditWord(random, bytes.AsSpan(0, 56));
                Put(bytes, 56, Checksum.Of(bytes.AsSpan(0, 56), 0));
                bytes.AsSpan(0, 64).CopyTo(bytes.AsSpan(random.Below(2) == 0 ? 4096 : 0));
                return bytes;
            case 4:
                // A word of an area's header, its checksum made right.
                int area = 8192 + (AreaBytes * (int)random.Below(2));
                EditWord(random, bytes.AsSpan(area, 48));
                Put(bytes, area + 48, Checksum.Of(bytes.AsSpan(area, 48), 0));
                Put(bytes, area + 56, random.Below(3) == 0 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(area + 8)) : BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(area + 56)));
                return bytes;
            case 5:
                DamageCheckpoint(random, bytes);
                return bytes;
            default:
                DamageRecord(random, bytes);
                return bytes;
        }
    }

    private static void DamageCheckpoint(SeededRandom random, byte[] bytes)
    {
        int area = LiveArea(bytes);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(area + 16));
        if (length == 0)
        {
            return;
        }

        Span<byte> checkpoint = bytes.AsSpan(area + 64, length);
        EditWord(random, checkpoint);
        Put(bytes, area + 24, Checksum.Of(checkpoint, MetadataLog.Seed(7, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(area + 8)))));
        Put(bytes, area + 48, Checksum.Of(bytes.AsSpan(area, 48), 0));
    }

    private static void DamageRecord(SeededRandom random, byte[] bytes)
    {
        int area = LiveArea(bytes);
        ulong generation = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(area + 8));
        List<int> records = [];
        for (int at = area + 64 + (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(area + 16)); at + 16 < area + AreaBytes;)
        {
            int entries = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 4));
            if (entries <= 0 || entries > area + AreaBytes - at - 16 || BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at + 8)) != (ulong)records.Count)
            {
                break;
            }

            records.Add(at);
            at += 16 + entries;
        }

        if (records.Count == 0)
        {
            return;
        }

        int record = records[(int)random.Below((ulong)records.Count)];
        Span<byte> all = bytes.AsSpan(record, 16 + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(record + 4)));
        EditWord(random, all[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(all, Checksum.Of(all[8..], MetadataLog.Seed(7, generation) ^ (ulong)(all.Length - 16)));
    }

    /// <summary>Gives one word another value: near the old one, a bit of it, small, or huge.</summary>
    private static void EditWord(SeededRandom random, Span<byte> words)
    {
        Span<byte> word = words.Slice(8 * (int)random.Below((ulong)words.Length / 8), 8);
        ulong old = BinaryPrimitives.ReadUInt64LittleEndian(word);
        BinaryPrimitives.WriteUInt64LittleEndian(word, random.Below(7) switch
        {
            0 => old + 1,
            1 => old - 1,
            2 => old ^ (1UL << (int)random.Below(64)),
            3 => random.Below(70),
            4 => ulong.MaxValue - random.Below(3),
            5 => old + (random.Below(8) << 32),
            _ => random.Next(),
        });
    }

    private static int LiveArea(byte[] bytes)
    {
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8192 + 8));
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8192 + 56)) == first ? 8192 : 8192 + AreaBytes;
    }

    private static int Used(SeededRandom random, byte[] bytes)
    {
        int at;
        do
        {
            at = (int)random.Below(AreasEnd);
        }
        while (bytes[at] == 0);
        return at;
    }

    private static void Put(byte[] bytes, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), value);

    private static readonly byte[] s_read = new byte[20_000];

    private static readonly byte[][] s_images = [.. Enumerable.Range(1, 6).Select(static seed =>
    {
        SeededRandom random = new((ulong)seed);
        FileStore store = ArrayDevice.NewStore(160 << 10, out ArrayDevice device);
        FileModel model = new();
        for (int i = 0; i < 60 * seed; i++)
        {
            FileOperation what = FileOperation.Choose(random, model, 5, 60_000, 9_000);
            if (what.Apply(store) == Errno.None)
            {
                what.Apply(model);
            }
        }

        return device.Bytes;
    })];
}
