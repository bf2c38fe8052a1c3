/* On Windows this marks old string functions as deprecated; here it marks none. */
#pragma once
