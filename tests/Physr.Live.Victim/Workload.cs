// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;
using Physr.Storage;
using Physr.Storage.Files;
using Physr.Storage.Tests.Files;

namespace Physr.Live.Victim;

/// <summary>What a victim does, operation by operation: its killer knows it too, from the seed and from what the store held.</summary>
internal sealed class Workload
{
    private const int Names = 6;
    private const int Reach = 50_000;
    private const int Piece = 9_000;
    private const string Temporary = "saving";

    private readonly SeededRandom _random;
    private readonly Queue<FileOperation> _saving = [];

    /// <summary>Begins.</summary>
    /// <param name="seed">Of the operations.</param>
    /// <param name="model">What the store holds; it follows.</param>
    public Workload(ulong seed, FileModel model) => (_random, Model) = (new(seed), model);

    /// <summary>Where the region lies, for the store.</summary>
    public static PhysicalAddress Base { get; } = new(1UL << 32);

    /// <summary>What the store should hold.</summary>
    public FileModel Model { get; }

    /// <summary>Makes the store that victims work on. Its metadata areas are small, so that checkpoints are frequent.</summary>
    public static Errno Format(PersistentMemory region, out string reason) =>
        FileStore.TryFormat(new MediaDaxDevice(region, Base), out reason, new() { AreaBytes = AreaBytes, Id = 1 });

    /// <summary>Where the bytes of files begin.</summary>
    public static ulong FirstDataByte(IDaxDevice device) => device.Length == 0 ? 0 : (2 * FileStore.BlockBytes) + (2 * AreaBytes);

    /// <summary>What a store holds.</summary>
    public static FileModel Read(FileStore store)
    {
        FileModel model = new();
        foreach (string name in store.List())
        {
            Errno errno = store.TryOpen(name, out StoreFile? file);
            byte[] bytes = new byte[file?.Length ?? 0];
            int read = 0;
            errno = errno == Errno.None ? file!.TryRead(0, bytes, out read) : errno;
            model.Files[name] = errno == Errno.None && read == bytes.Length ? bytes : throw new PhysrException("read file", name, errno, $"{read} of {bytes.Length} bytes came");
        }

        return model;
    }

    /// <summary>The next operation: now and then a file is saved as programs do, under another name that is changed when all of it is there.</summary>
    public FileOperation Next()
    {
        if (_saving.TryDequeue(out FileOperation? next))
        {
            return next;
        }

        if (_random.Below(5) != 0)
        {
            return FileOperation.Choose(_random, Model, Names, Reach, Piece);
        }

        int length = 1 + (int)_random.Below(Reach / 2);
        int first = (int)_random.Below((ulong)length);
        if (Model.Files.ContainsKey(Temporary))
        {
            Save(FileOperation.What.Unlink, "", 0, 0);
        }

        Save(FileOperation.What.Create, "", 0, 0);
        Save(FileOperation.What.Write, "", 0, first + 1);
        Save(FileOperation.What.Write, "", first, length - first);
        Save(FileOperation.What.Rename, $"f{_random.Below(Names)}", 0, 0);
        return _saving.Dequeue();
    }

    /// <summary>Says what became of an operation.</summary>
    public void Done(FileOperation operation, Errno errno)
    {
        if (errno == Errno.None)
        {
            operation.Apply(Model);
        }
        else
        {
            _saving.Clear();
        }
    }

    private const ulong AreaBytes = 16384;

    private void Save(FileOperation.What what, string other, int offset, int length) => _saving.Enqueue(new(what, Temporary, other, offset, length, _random.Next()));
}
