// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;

namespace Physr.Storage.Files;

internal sealed partial class MetadataState
{
    private bool _isCheckpoint;
    private int _shared;
    private ulong _sharedEnd;

    /// <summary>Carries out entries. They may come from a damaged device: nothing is believed of them.</summary>
    /// <param name="entries">Whole words.</param>
    /// <param name="isCheckpoint">Whether they are all there is: blocks may have several owners then, if the end of it says how many.</param>
    /// <param name="reason">What is wrong, and at which byte of the entries; empty on success. The state is of no use then.</param>
    public bool TryApply(ReadOnlySpan<byte> entries, bool isCheckpoint, out string reason)
    {
        _isCheckpoint = isCheckpoint;
        _shared = 0;
        _sharedEnd = 0;
        reason = "";
        for (int at = 0; at < entries.Length && reason.Length == 0;)
        {
            reason = ApplyOne(entries[at..], out int length);
            reason = reason.Length == 0 ? "" : $"entry at byte {at}: {reason}";
            at += length;
        }

        if (reason.Length == 0 && isCheckpoint && _shared != Blocks.Shared)
        {
            reason = $"{Blocks.Shared} blocks have several owners, and {_shared} are said to: some extents cross";
        }

        if (reason.Length == 0 && !HasRoom(0))
        {
            reason = "there is more metadata than the store takes";
        }

        return reason.Length == 0;
    }

    private string ApplyOne(ReadOnlySpan<byte> bytes, out int length)
    {
        ulong head = Word(bytes, 0);
        EntryKind kind = (EntryKind)(head & 0xFFFF);
        int nameBytes = (int)(head >> 16) & 0xFFFF;
        ulong count = head >> 32;
        bool isNamed = kind is EntryKind.Create or EntryKind.Rename or EntryKind.Clone;
        int words = kind switch
        {
            EntryKind.Create or EntryKind.Unlink or EntryKind.Rename => 1,
            EntryKind.SetLength or EntryKind.Clone or EntryKind.Shared => 2,
            EntryKind.Map or EntryKind.Unmap => 3,
            _ => 0,
        };
        length = 8 + (8 * words) + ((nameBytes + 7) & ~7);
        if (words == 0 || length > bytes.Length || (nameBytes != 0) != isNamed || (count != 0) != (kind is EntryKind.Map or EntryKind.Shared))
        {
            return $"{head:x16} begins no entry";
        }

        ReadOnlySpan<byte> name = bytes.Slice(8 + (8 * words), nameBytes);
        if (isNamed && !FileNames.AreValid(name))
        {
            return $"a name of {nameBytes} bytes is none that a file may have";
        }

        if (_isCheckpoint && (kind is not (EntryKind.Create or EntryKind.SetLength or EntryKind.Map or EntryKind.Shared) || (kind != EntryKind.Shared && _sharedEnd != 0)))
        {
            return $"{kind} has no place there in a checkpoint";
        }

        ulong first = Word(bytes, 1);
        if (kind == EntryKind.Create)
        {
            return Create(first, Encoding.UTF8.GetString(name), null);
        }

        if (kind == EntryKind.Shared)
        {
            return Share(first, count, Word(bytes, 2));
        }

        return !Files.TryGetValue(first, out FileNode? file) ? $"there is no file {first}" : kind switch
        {
            EntryKind.Unlink => Unlink(file),
            EntryKind.Rename => Rename(file, Encoding.UTF8.GetString(name)),
            EntryKind.SetLength => SetLength(file, Word(bytes, 2)),
            EntryKind.Clone => Create(Word(bytes, 2), Encoding.UTF8.GetString(name), file),
            EntryKind.Unmap => Unmap(file, Word(bytes, 2), Word(bytes, 3)),
            _ => Map(file, new(Word(bytes, 2), Word(bytes, 3), count)),
        };
    }

    private static ulong Word(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[(8 * index)..]);

    private string Create(ulong id, string name, FileNode? source)
    {
        if (id is 0 or >= MostId)
        {
            return $"no file has the number {id}";
        }

        if (Files.ContainsKey(id) || Names.ContainsKey(name))
        {
            return $"file {id} '{name}' is there already";
        }

        FileNode file = new(id, name);
        Files.Add(id, file);
        Names.Add(name, file);
        NextId = Math.Max(NextId, id + 1);
        _fileBytes += EntryWriter.FileBytes(name);
        if (source is not null)
        {
            file.Length = source.Length;
            file.Extents.CopyFrom(source.Extents);
            _extents += file.Extents.Count;
            foreach (Extent extent in file.Extents.All)
            {
                Blocks.Add(extent.Block, extent.Count);
            }
        }

        return "";
    }

    private string Unlink(FileNode file)
    {
        SetLength(file, 0);
        Files.Remove(file.Id);
        Names.Remove(file.Name);
        _fileBytes -= EntryWriter.FileBytes(file.Name);
        return "";
    }

    private string Rename(FileNode file, string name)
    {
        if (Names.ContainsKey(name))
        {
            return $"file '{name}' is there already";
        }

        Names.Remove(file.Name);
        Names.Add(name, file);
        _fileBytes += EntryWriter.FileBytes(name) - EntryWriter.FileBytes(file.Name);
        file.Name = name;
        return "";
    }

    private string SetLength(FileNode file, ulong length)
    {
        if (length > MostLength)
        {
            return $"file {file.Id} cannot have {length} bytes";
        }

        bool isLess = length < file.Length;
        file.Length = length;
        return isLess ? Unmap(file, file.Pages, ulong.MaxValue) : "";
    }

    private string Unmap(FileNode file, ulong page, ulong count)
    {
        _gone.Clear();
        _extents -= file.Extents.Count;
        file.Extents.Cut(page, count, _gone);
        _extents += file.Extents.Count;
        foreach (Extent extent in _gone)
        {
            Blocks.Remove(extent.Block, extent.Count);
        }

        return "";
    }

    private string Map(FileNode file, Extent extent)
    {
        if (extent.Page > file.Pages || extent.Count > file.Pages - extent.Page)
        {
            return $"pages {extent.Page}+{extent.Count} are not all of file {file.Id}, which has {file.Pages}";
        }

        if (!Blocks.Contains(extent.Block, extent.Count))
        {
            return $"blocks {extent.Block}+{extent.Count} of file {file.Id} are not all of the data area";
        }

        if (!_isCheckpoint && !Blocks.AreFree(extent.Block, extent.Count))
        {
            return $"blocks {extent.Block}+{extent.Count} are given to file {file.Id}, and somebody has some of them";
        }

        if (_isCheckpoint && extent.Page < file.Extents.End)
        {
            return $"pages {extent.Page}+{extent.Count} of file {file.Id} cross others of it, or come before them";
        }

        Unmap(file, extent.Page, extent.Count);
        Blocks.Add(extent.Block, extent.Count);
        _extents -= file.Extents.Count;
        file.Extents.Add(extent);
        _extents += file.Extents.Count;
        return "";
    }

    private string Share(ulong block, ulong count, ulong owners)
    {
        if (!_isCheckpoint || block < _sharedEnd || owners < 2 || owners > int.MaxValue || !Blocks.Contains(block, count) || Blocks.Owners.Slice((int)block, (int)count).ContainsAnyExcept((int)owners))
        {
            return $"blocks {block}+{count} do not have {owners} owners";
        }

        _shared += (int)count;
        _sharedEnd = block + count;
        return "";
    }
}
