// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;
using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>One change of a store, as data: to the store, and to the model.</summary>
internal sealed record FileOperation(FileOperation.What Kind, string Name, string Other, int Offset, int Length, ulong Seed)
{
    public enum What
    {
        Create,
        Unlink,
        Rename,
        Clone,
        Write,
        SetLength,
        Punch,
        Allocate,
    }

    /// <summary>Chooses one that may succeed.</summary>
    /// <param name="random">Chance.</param>
    /// <param name="model">What is there.</param>
    /// <param name="names">How many names there are.</param>
    /// <param name="reach">Files are about this long, at most.</param>
    /// <param name="piece">Writes are this long, at most.</param>
    public static FileOperation Choose(SeededRandom random, FileModel model, int names, int reach, int piece)
    {
        string name = $"f{random.Below((ulong)names)}";
        string other = $"f{random.Below((ulong)names)}";
        int offset = (int)random.Below((ulong)reach);
        offset = random.Below(3) == 0 ? offset & ~4095 : offset;
        int length = 1 + (int)random.Below((ulong)piece);
        ulong seed = random.Next();
        if (!model.Files.ContainsKey(name))
        {
            string? source = model.Files.Keys.ElementAtOrDefault((int)random.Below(4));
            return source is not null && random.Below(2) == 0 ? new(What.Clone, source, name, 0, 0, seed) : new(What.Create, name, "", 0, 0, seed);
        }

        return random.Below(20) switch
        {
            0 => new(What.Unlink, name, "", 0, 0, seed),
            1 => new(What.Rename, name, other, 0, 0, seed),
            2 or 3 => new(What.SetLength, name, "", offset, 0, seed),
            4 or 5 => new(What.Punch, name, "", offset, 1 + (int)random.Below((ulong)reach / 2), seed),
            6 => new(What.Allocate, name, "", offset, length, seed),
            7 when model.Files.Count < names => new(What.Clone, name, $"f{Enumerable.Range(0, names).First(i => !model.Files.ContainsKey($"f{i}"))}", 0, 0, seed),
            _ => new(What.Write, name, "", offset, length, seed),
        };
    }

    public Errno Apply(FileStore store)
    {
        if (Kind is What.Create)
        {
            return store.TryCreate(Name, out _);
        }

        Errno errno = store.TryOpen(Name, out StoreFile? file);
        return errno != Errno.None ? errno : Kind switch
        {
            What.Unlink => store.TryUnlink(Name),
            What.Rename => store.TryRename(Name, Other),
            What.Clone => store.TryClone(file!, Other, out _),
            What.Write => file!.TryWrite((ulong)Offset, Bytes()),
            What.SetLength => file!.TrySetLength((ulong)Offset),
            What.Punch => file!.TryPunchHole((ulong)Offset, (ulong)Length),
            _ => file!.TryAllocate((ulong)Offset, (ulong)Length),
        };
    }

    public void Apply(FileModel model)
    {
        switch (Kind)
        {
            case What.Create:
                model.Files.Add(Name, []);
                break;
            case What.Unlink:
                model.Files.Remove(Name);
                break;
            case What.Rename:
                byte[] moved = model.Files[Name];
                model.Files.Remove(Name);
                model.Files[Other] = moved;
                break;
            case What.Clone:
                model.Files.Add(Other, model.Files[Name]);
                break;
            case What.Write:
                model.Write(Name, Offset, Bytes());
                break;
            case What.SetLength:
                model.SetLength(Name, Offset);
                break;
            case What.Punch:
                model.Zero(Name, Offset, Length);
                break;
            default:
                model.SetLength(Name, Math.Max(model.Files[Name].Length, Offset + Length));
                break;
        }
    }

    private byte[] Bytes()
    {
        byte[] bytes = new byte[Length];
        new SeededRandom(Seed).Fill(bytes);
        return bytes;
    }
}
