// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Live.Tests;

/// <summary>A pager for all tests of a class that leave it alone.</summary>
public sealed class SharedPager : IDisposable
{
    private readonly Lazy<PagerHost> _host = new(static () => PagerHost.Start());

    /// <summary>It; the test is skipped where there can be none.</summary>
    public PagerHost Host
    {
        get
        {
            LiveSystem.Require();
            return _host.Value;
        }
    }

    public void Dispose()
    {
        if (_host.IsValueCreated)
        {
            _host.Value.Dispose();
        }
    }
}
