// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging;

/// <summary>How a fault-service process is started.</summary>
public sealed record PagerOptions
{
    /// <summary>The pager's assembly (<c>Physr.Pager.dll</c>); null: the one beside this program.</summary>
    public string? PagerPath { get; init; }

    /// <summary>The <c>dotnet</c> host that runs it; null: the one that runs this program, or the one of its shared framework.</summary>
    public string? HostPath { get; init; }

    /// <summary>A folder in which the pager's own folder with its socket is made, with mode 0700; null: <c>$XDG_RUNTIME_DIR</c>, or else the folder for temporary files.</summary>
    public string? SocketFolder { get; init; }

    /// <summary>Bytes that all regions of this pager may have resident together, whole pages; 0: each region's own budget is the only bound.</summary>
    public ulong ResidentBudget { get; init; }

    /// <summary>Variables that the pager's environment has beyond this program's.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How long to wait for it to start, also where all pagers died and another is to go on.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
