// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Paging.Stores;

namespace Physr.Paging.Victim;

/// <summary>What a verb is given: <c>NAME=VALUE</c>.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Arguments(ReadOnlySpan<string> args)
    {
        foreach (string arg in args)
        {
            int equals = arg.IndexOf('=', StringComparison.Ordinal);
            _values.Add(arg[..equals], arg[(equals + 1)..]);
        }
    }

    public string Text(string name, string otherwise = "") => _values.GetValueOrDefault(name, otherwise);

    public long Number(string name, long otherwise = 0) => _values.TryGetValue(name, out string? value) ? long.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>The pager that is asked for: another program's by <c>connect=PATH</c>, or one of its own, from <c>pager=DLL</c> where that is said, in <c>folder=</c>.</summary>
    public PagerHost Pager()
    {
        string path = Text("connect");
        if (path.Length != 0)
        {
            Errno errno = PagerHost.TryConnect(path, out PagerHost? host, out string reason);
            return errno == Errno.None ? host! : throw new PhysrException("connect", path, errno, reason);
        }

        string program = Text("pager"), folder = Text("folder");
        return PagerHost.Start(new()
        {
            PagerPath = program.Length == 0 ? null : program,
            SocketFolder = folder.Length == 0 ? null : folder,
            ResidentBudget = (ulong)Number("whole") * 4096,
        });
    }

    /// <summary>A store of the kind that is asked for.</summary>
    public RegionStore Store(ulong length) => Store(Text("store", "memory"), length, Text("file"));

    /// <summary>A store of a kind.</summary>
    public static RegionStore Store(string kind, ulong length, string file) => kind switch
    {
        "memory" => RegionStore.Memory(length),
        "lz4" => RegionStore.Lz4(length),
        "zstd" => RegionStore.Zstd(length, 1),
        "file" => RegionStore.File(file, length, create: true, allowBuffered: true),
        _ => throw new ArgumentException($"no store {kind}"),
    };
}
