// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Joins frames that follow each other before they are appended to a list.</summary>
internal ref struct PinRun(RangeListBuilder frames)
{
    private ulong _first;
    private ulong _pages;
    private ProviderIndex _provider;

    public RangeListBuilder Frames => frames;

    /// <summary>Pins taken so far; counted for all at the end.</summary>
    public long Pins { get; set; }

    public void Append(PageFrameNumber frame, ulong pages, ProviderIndex provider)
    {
        if (_pages != 0 && frame.Value == _first + _pages && provider == _provider)
        {
            _pages += pages;
            return;
        }

        Flush();
        _first = frame.Value;
        _pages = pages;
        _provider = provider;
    }

    public void Flush()
    {
        if (_pages != 0)
        {
            frames.Append(new PhysicalRange(new PageFrameNumber(_first).Address, _pages << PageSize.Shift4K), _provider);
            _pages = 0;
        }
    }
}
